// SPDX-License-Identifier: Apache-2.0
/** What the kind of identity (how a node comes by its id and address) changes in the template. */
import type { JsonObject, Resources } from '../cloudformation.ts';

export interface Identity {
  /** How many nodes a rolling update keeps in service; below MaxSize. */
  readonly nodesInService: JsonObject;
  /** Further lines of agent.env, as text for `Fn::Sub`. */
  readonly settings: Readonly<Record<string, string>>;
  readonly resources: Resources;
}
