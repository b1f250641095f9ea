// SPDX-License-Identifier: Apache-2.0
/** What the kind of identity changes in the template. It decides how a node gets its id and address. */
import type { JsonObject, Resources } from '../cloudformation.ts';

export interface Identity {
  /** How many nodes a rolling update keeps in service; below MaxSize. */
  readonly nodesInService: JsonObject;
  /** More lines of agent.env, as text for `Fn::Sub`. */
  readonly settings: Readonly<Record<string, string>>;
  readonly resources: Resources;
}
