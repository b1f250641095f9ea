// SPDX-License-Identifier: Apache-2.0
/**
 * What differs between the ways in which a node comes by its id and its address. Pure. The loop, `decide` and `act` ask
 * this interface, and know nothing else of the mode. Each mode has one file here.
 */
import type { Known } from '../model/cloud.ts';
import type { Member, MemberRole } from '../model/member.ts';
import type { Ensemble, Observation } from '../model/observation.ts';
import type { Claim, RecordMember } from '../model/records.ts';
import type { Step } from '../model/step.ts';

/** A step, and a sentence that says why. */
export interface Due {
  readonly step: Step;
  readonly why: string;
}

export interface FoundingHeld {
  /** A sentence. */
  readonly why: string;
  /** The instance that has to do something first. */
  readonly awaited?: string;
}

export interface IdMode {
  /** The ids that a node without one tries, in this order. Unknown while nobody can tell which there are. */
  ids(observation: Observation): Known<readonly number[]>;
  /** Whether a node may claim this id now. `claim` is the highest generation of the claim on it, if there is any. */
  isFree(id: number, claim: Claim | undefined, observation: Observation): boolean;
  /** Why none of the ids is free: a sentence. */
  noneFree(observation: Observation): string;
  /** Whether the owner of this claim surely goes by it, and not by another claim of its own. */
  isInUse(claim: Claim, observation: Observation): boolean;
  /** What keeps the record of a first ensemble with these members back. Undefined when nothing does. */
  whatHoldsFounding(observation: Observation, members: readonly RecordMember[]): FoundingHeld | undefined;
  /** What a claim on this id says beside the instance. */
  claimed(id: number, observation: Observation): { readonly slot?: string };
  /** The member that a node is with this id at this address. */
  memberAt(id: number, address: string, role: MemberRole): Member;
  /**
   * The step that brings the address of its id to this node, or gives back an id that it does not go by. Undefined
   * where none is due, or possible now.
   */
  settleId(observation: Observation): Due | undefined;
  /** Why the server must not start here yet: a sentence. Undefined when it may. */
  whatHoldsStart(observation: Observation): string | undefined;
  /**
   * While no ensemble answers: whether a leaving node that has nothing to recover from goes at once, for a node that is
   * to have its id.
   */
  makesRoom(observation: Observation): boolean;
  /** Whether a replacement can join before this member has left. */
  hasRoom(observation: Observation, ensemble: Ensemble): boolean;
}
