// SPDX-License-Identifier: Apache-2.0
/** What the kind of identity changes in the template. It decides how a node gets its id and address. */
import type { Json, Output, Resources } from '../cloudformation.ts';
import type { Statement } from '../policy.ts';

export interface Identity {
  /** How many nodes a rolling update keeps in service; below MaxSize. */
  readonly nodesInService: Json;
  /** More lines of agent.env, as text for `Fn::Sub`. */
  readonly settings: Readonly<Record<string, string>>;
  /** How the members reach each other. They are made before the group, and deleted after it. */
  readonly memberRules: Resources;
  readonly resources: Resources;
  /** More rights of the nodes. */
  readonly statements: readonly Statement[];
  /** Where clients find the servers. */
  readonly outputs: { readonly [name: string]: Output };
}
