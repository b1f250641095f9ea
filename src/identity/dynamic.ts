// SPDX-License-Identifier: Apache-2.0
/**
 * The dynamic identity: any free id, at the private address of the instance. Ids are plenty, so a newcomer never waits
 * for one, and a replacement joins beside the node that it replaces.
 */
import { mayHoldId } from '../facts/by-hand.ts';
import { isGone } from '../facts/lives.ts';
import { bindingConfigs } from '../facts/own-claim.ts';
import { HIGHEST_ID, LOWEST_ID } from '../model/claims.ts';
import { known } from '../model/cloud.ts';
import { unreadable } from '../model/disk.ts';
import { memberAt } from '../model/member.ts';
import type { Observation } from '../model/observation.ts';
import type { Claim } from '../model/records.ts';
import type { IdMode } from './id-mode.ts';

const ALL_IDS = known(Array.from({ length: HIGHEST_ID - LOWEST_ID + 1 }, (_, index) => LOWEST_ID + index));

export const dynamicIdentity: IdMode = {
  ids: () => ALL_IDS,
  isFree,
  noneFree: () => `No id from ${LOWEST_ID} to ${HIGHEST_ID} is free.`,
  isInUse: () => false,
  whatHoldsFounding: () => undefined,
  claimed: () => ({}),
  memberAt,
  settleId: () => undefined,
  whatHoldsStart: () => undefined,
  makesRoom: () => false,
  hasRoom: () => true,
};

/** Claims 3: an id without a claim is free. So is one whose owner is gone for good, if no binding config has it. */
function isFree(id: number, claim: Claim | undefined, observation: Observation): boolean {
  const configs = bindingConfigs(observation);
  if (configs.some((config) => mayHoldId(config, id)) || unreadable(observation.disk, 'pending')) return false;
  if (!claim) return true;
  // While no ensemble answers, nothing becomes free: the id may stand in a config that this node can't read.
  if (!observation.ensemble || claim.owner === undefined) return false;
  return claim.owner === 'void' || (typeof claim.owner === 'object' && isGone(observation, claim.owner.instance));
}
