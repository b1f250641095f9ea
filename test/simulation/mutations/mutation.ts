// SPDX-License-Identifier: Apache-2.0
/** A rule of the protocol left out: the agent's world or one of its parts replaced from the outside. */
import type { ReplacedIn } from '../world.ts';

export interface Mutation extends ReplacedIn {
  readonly name: string;
  /** Which rule of docs/protocol.md is left out. */
  readonly rule: string;
  /** Found by random histories from seed 1 on within this many; without it by a directed scenario. */
  readonly seeds?: number;
}
