// SPDX-License-Identifier: Apache-2.0
/**
 * Removing the dead from a serving ensemble. Pure.
 * Invariant 4: a member is removed only on positive evidence about its own instance, and never so that the rest loses
 * its quorum. At most max(1, ⌊(voters − 1) / 2⌋) are removed in a pass.
 */

import { countsAsServing, isUnclaimed, whatLinesHold } from '../facts/by-hand.ts';
import { lifeOfMember } from '../facts/lives.ts';
import type { Advice } from '../model/advice.ts';
import { instancesBehind, ownersOf } from '../model/claims.ts';
import type { Unknown } from '../model/cloud.ts';
import { type Member, quorumOf, votersOf } from '../model/member.ts';
import type { Ensemble, Observation } from '../model/observation.ts';
import { type Decision, take, waitForFact } from '../model/step.ts';
import { removeTogether } from './advise-by-hand.ts';
import { whyNotNow } from './why-not-now.ts';

/** Whether this member may be removed: its instance is shutting down or gone for good. */
export function isRemovable(observation: Observation, member: Member): boolean {
  if (member.address === observation.self.address && member.id === observation.disk.id) return false;
  const life = lifeOfMember(observation, member);
  return life === 'gone' || life === 'shutting-down';
}

/** The voters that stay, with the node that joins by the same change. */
function restOf(ensemble: Ensemble, leaving: readonly Member[], joining: readonly Member[]): readonly Member[] {
  const gone = new Set(leaving.map((member) => member.id));
  return [...votersOf(ensemble.config).filter((member) => !gone.has(member.id)), ...joining];
}

/** One pass: the members that are removed now. If there are none: what holds their removal back. */
export interface Removal {
  readonly ids: readonly number[];
  /** Every instance that ever claimed one of these ids at the member's address. All of them are known to be dead. */
  readonly dead: readonly string[];
  readonly why: string;
  readonly advice?: readonly Advice[];
  /** The fact that could not be had, if that holds the removal back. */
  readonly fact?: Unknown;
}

function none(why: string, fact?: Unknown): Removal {
  return { ids: [], dead: [], why, ...(fact === undefined ? {} : { fact }) };
}

function behind({ shared }: Observation, member: Member): readonly string[] {
  return shared.known ? instancesBehind(shared.value.claims, member) : [];
}

/**
 * Undefined when no member is known to be dead. The members that stay must be able to commit by themselves. Only nodes
 * of this cluster whose servers say that they serve count for that. `joining` has caught up, and gets its vote by the
 * same change.
 */
export function removalDue(
  observation: Observation,
  ensemble: Ensemble,
  joining: readonly Member[] = [],
): Removal | undefined {
  const dead = ensemble.config.members.filter((member) => isRemovable(observation, member));
  if (dead.length === 0) return undefined;
  const names = dead.map((member) => `${member.id} at ${member.address}`).join(', ');
  const held = whyNotNow(observation);
  if (held) {
    return none(`The instances of members ${names} are gone, and their removal is held back: ${held.why}.`, held.fact);
  }
  const lines = whatLinesHold(ensemble.config);
  if (lines) return none(`The instances of members ${names} are gone, and they stay in the config: ${lines}.`);
  const limit = Math.max(1, Math.floor((votersOf(ensemble.config).length - 1) / 2));
  const pass = dead.slice(0, limit);
  const rest = restOf(ensemble, pass, joining);
  const serving = rest.filter((member) => joining.includes(member) || countsAsServing(observation, ensemble, member));
  if (rest.length === 0 || serving.length < quorumOf(rest.length)) {
    const added = rest.filter((member) => isUnclaimed(observation, member));
    const ours = rest.length - added.length;
    const why = `The instances of members ${names} are gone, but without them the rest has no quorum that serves yet.`;
    if (added.length === 0 || ours === 0 || serving.length < quorumOf(ours)) return none(why);
    return { ...none(`${why} ${COUNTED_NOT}`), advice: removeTogether(ensemble.config, [...pass, ...added]) };
  }
  return {
    ids: pass.map((member) => member.id),
    dead: pass.flatMap((member) => behind(observation, member)),
    why: `The instances of members ${names} are shutting down or gone for good; at most ${limit} are removed in one pass.`,
  };
}

const COUNTED_NOT = 'Voters that somebody added by hand are not counted on.';

/** The removal by a node that votes. Undefined when no member is known to be dead. */
export function decideRemoval(observation: Observation, ensemble: Ensemble): Decision | undefined {
  const removal = removalDue(observation, ensemble);
  if (!removal) return undefined;
  const { ids, dead, why, advice, fact } = removal;
  return ids.length > 0
    ? take({ kind: 'remove-members', ids, dead, fromVersion: ensemble.config.version }, why)
    : waitForFact(why, fact, advice);
}

/** Notes the dead owners of claims that have no note yet: EC2 forgets them within the hour. */
export function decideNotes(observation: Observation): Decision | undefined {
  if (!observation.shared.known) return undefined;
  const { claims, dead, unreadableNotes = [] } = observation.shared.value;
  if (observation.terminated.length === 0) return undefined;
  const owners = new Set(ownersOf(claims));
  // A note that can't be understood takes the key all the same.
  const noted = new Set([...dead, ...unreadableNotes.map(({ instance }) => instance)]);
  const instances = observation.terminated.filter((instance) => owners.has(instance) && !noted.has(instance));
  if (instances.length === 0) return undefined;
  return take(
    { kind: 'note-dead', instances },
    `EC2 reports ${instances.join(', ')} as terminated, and will stop listing ${instances.length > 1 ? 'them' : 'it'} within the hour.`,
  );
}

/**
 * Claims 7: the agent does not heal an ensemble in which half of the voters were added by hand. One change by a person
 * has to remove these voters and the dead. The server refuses it while nodes of ours stand still, since the rest would
 * have no quorum. Then as many added voters stay as ours outnumber. Nobody knows which of them serve, so each way is
 * told.
 */
export function outnumbered(observation: Observation): readonly Advice[] {
  const { config } = observation.disk;
  if (config === undefined) return [];
  const voters = votersOf(config);
  const added = voters.filter((voter) => isUnclaimed(observation, voter));
  const claimed = voters.length - added.length;
  if (added.length === 0 || claimed >= quorumOf(voters.length)) return [];
  const dead = voters.filter((voter) => isRemovable(observation, voter));
  const stay = claimed - dead.length - 1;
  if (stay <= 0) return removeTogether(config, [...dead, ...added]);
  const ways = added.map((_, from) => added.filter((__, at) => (at - from + added.length) % added.length >= stay));
  return [
    ...removeTogether(config, [...dead, ...added]),
    ...ways.flatMap((leaving) => removeTogether(config, [...dead, ...leaving], [{ is: 'nothing-else-helps' }])),
  ];
}
