// SPDX-License-Identifier: Apache-2.0
/**
 * Which id a node takes (docs/protocol.md, "Claims"). Pure.
 * Invariant 3: an id passes on only after its removal from the config has committed and its instance is gone for good.
 */

import { isGone, lifeOf } from '../facts/lives.ts';
import { chosenClaim, standingId } from '../facts/own-claim.ts';
import { idModeOf } from '../identity/modes.ts';
import { highestGenerations, ownerKey, unreadableOf } from '../model/claims.ts';
import { unreadable } from '../model/disk.ts';
import type { Observation, Shared } from '../model/observation.ts';
import type { Claim } from '../model/records.ts';
import { type Decision, take, wait, waitForFact } from '../model/step.ts';
import { mayRun } from './restart.ts';

/**
 * Claims 8: this node goes by an id on which it has no claim that counts, neither by keys nor by lists. Undefined: the
 * node goes on under the id.
 */
function decideStanding(observation: Observation, shared: Shared, id: number): Decision | undefined | 'passed on' {
  const claims = shared.claims.filter((claim) => claim.id === id);
  const generation = (claims.at(-1)?.generation ?? 0) + 1;
  const unreadable = unreadableOf(claims, id);
  if (unreadable) {
    return wait(
      `Whether id ${id} is still this node's is unknown: ${ownerKey(unreadable)} can't be read${unreadable.why === undefined ? '' : `, as ${unreadable.why}`}.`,
    );
  }
  const open = claims.find((claim) => claim.owner === undefined);
  if (open) return voidWhenOld(observation, open) ?? wait(`Nobody has said yet whose the claim ${nameOf(open)} is.`);
  const owner = claims.map((claim) => claim.owner).findLast((each) => typeof each === 'object');
  const claim = take(
    { kind: 'claim-id', id, generation, ...idModeOf(observation).claimed(id, observation) },
    `Stamp and config name this node as ${id}, and nobody who may still come back has a claim on that id.`,
  );
  if (owner === undefined || owner.instance === observation.self.instance) return claim;
  if (lifeOf(observation, owner.instance) === 'unknown') {
    return wait(`Id ${id} belongs to ${owner.instance} by the claims, and it is unknown whether that one lives.`);
  }
  if (!isGone(observation, owner.instance)) return 'passed on';
  // That owner may have been a member after this node. Only an ensemble can tell that no config counts on it.
  return observation.ensemble
    ? claim
    : wait(`The last owner of id ${id}, ${owner.instance}, is gone, and no ensemble says whose the id is now.`);
}

function voidWhenOld(observation: Observation, claim: Claim): Decision | undefined {
  if (claim.owner !== undefined || claim.ageMs <= observation.limits.ownerUnknownMs) return undefined;
  return take(
    { kind: 'void-claim', id: claim.id, generation: claim.generation },
    `The claim ${nameOf(claim)} has had no owner for ${Math.round(claim.ageMs / 60_000)} minutes: whoever made it crashed.`,
  );
}

function nameOf({ id, generation }: Claim): string {
  return `${id}.${generation}`;
}

/**
 * Claims 8: the list of streams lacks this node's claim. It lags, or the stream was deleted. Nothing waits for the
 * stream, so this is done when nothing else is to be done.
 */
export function decideStream(observation: Observation): Decision | undefined {
  if (!observation.shared.known) return undefined;
  const claim = chosenClaim(observation, observation.shared.value);
  if (claim?.unlisted !== true) return undefined;
  return take(
    { kind: 'restore-stream', id: claim.id, generation: claim.generation },
    `The list of log streams is without ${nameOf(claim)}, which this node owns by its object.`,
  );
}

/** The next step towards an id of the node's own. Undefined when the node has one, and its disk says so. */
export function decideClaim(observation: Observation, shared: Shared): Decision | undefined {
  const chosen = chosenClaim(observation, shared);
  if (chosen) {
    if (observation.disk.id === chosen.id) return undefined;
    // The server read its id before the file broke, and may be the vote that a quorum needs.
    const keepsIt = unreadable(observation.disk, 'id') !== undefined && observation.server.upMs !== undefined;
    if (keepsIt && !observation.ensemble) return undefined;
    if (mayRun(observation.server)) {
      return take(
        { kind: 'stop-server' },
        `The server runs under id ${observation.disk.id}, but this node's claim is on id ${chosen.id}.`,
      );
    }
    return take(
      { kind: 'write-id', id: chosen.id },
      `This node owns the claim on id ${chosen.id}, and its disk does not say so yet.`,
    );
  }
  const standing = standingId(observation);
  if (standing !== undefined) {
    const kept = decideStanding(observation, shared, standing);
    if (kept !== 'passed on') return kept;
  }
  // A node that is in no group can't be a member. A claim that leads nowhere would take an id from the others.
  if (!observation.group.known) {
    return waitForFact(`This node claims no id yet: ${observation.group.why.replace(/\.$/, '')}.`, observation.group);
  }
  return firstFree(observation, shared);
}

function firstFree(observation: Observation, shared: Shared): Decision {
  const mode = idModeOf(observation);
  const ids = mode.ids(observation);
  if (!ids.known) return waitForFact(`This node claims no id yet: ${ids.why.replace(/\.$/, '')}.`, ids);
  const highest = highestGenerations(shared.claims);
  for (const id of ids.value) {
    const claim = highest.get(id);
    const crashed = claim && voidWhenOld(observation, claim);
    if (crashed) return crashed;
    if (mode.isFree(id, claim, observation)) {
      const generation = (claim?.generation ?? 0) + 1;
      return take(
        { kind: 'claim-id', id, generation, ...mode.claimed(id, observation) },
        `This node has no id yet, and ${id} is the lowest free one.`,
      );
    }
  }
  return wait(mode.noneFree(observation), undefined, [{ action: 'look-at-claims', when: [] }]);
}
