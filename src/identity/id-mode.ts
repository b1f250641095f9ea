// SPDX-License-Identifier: Apache-2.0
/**
 * What differs between the ways in which a node comes by its id and its address. Pure. The loop, `decide` and `act` ask
 * this interface, and know nothing else of the mode. Each mode has one file here.
 */
import type { Known } from '../model/cloud.ts';
import type { Ensemble, Observation } from '../model/observation.ts';
import type { Claim, RecordMember } from '../model/records.ts';

export interface IdMode {
  /** The ids that a node without one tries, in this order. Unknown while nobody can tell which there are. */
  ids(observation: Observation): Known<readonly number[]>;
  /** Whether a node may claim this id now. `claim` is the highest generation of the claim on it, if there is any. */
  isFree(id: number, claim: Claim | undefined, observation: Observation): boolean;
  /** Why none of the ids is free: a sentence. */
  noneFree(observation: Observation): string;
  /** What keeps the record of a first ensemble with these members back: a sentence. Undefined when nothing does. */
  whatHoldsFounding(observation: Observation, members: readonly RecordMember[]): string | undefined;
  /** Whether a replacement can join before this member has left. */
  hasRoom(observation: Observation, ensemble: Ensemble): boolean;
}
