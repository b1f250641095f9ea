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
  /** Found by random histories within this many seeds; without it by a directed scenario (mutations/unfound.ts). */
  readonly seeds?: number;
  /** The first of these seeds; 1 without it. Where a rule is seldom missed, a search from seed 1 on would take long. */
  readonly from?: number;
  /** Its histories have the additions that came later, too (additions/registry.ts). */
  readonly withLater?: true;
}
