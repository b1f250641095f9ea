// SPDX-License-Identifier: Apache-2.0
/** A rule of the protocol left out: the agent's world or one of its parts replaced from the outside. */
import type { SlotKind } from '../../../src/model/cloud.ts';
import type { ReplacedIn } from '../world.ts';

export interface Mutation extends ReplacedIn {
  readonly name: string;
  /** Which rule of docs/protocol.md is left out. */
  readonly rule: string;
  /** The mode that has the rule. Absent where it is the dynamic identity's, or every mode's. */
  readonly mode?: SlotKind;
  /** How many addresses there are, where that is the rule. */
  readonly addresses?: number;
  /** Found by random histories from seed 1 on within this many; without it by a directed scenario. */
  readonly seeds?: number;
}
