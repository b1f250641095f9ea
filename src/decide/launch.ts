// SPDX-License-Identifier: Apache-2.0
/**
 * What a new node tells its group and its stack (docs/protocol.md, "Joining"). Pure. The node completes its launch hook
 * once it votes. It tells the stack once, when it votes and the config has no terminating member left. A node gives its
 * launch up only if nobody can need it.
 */

import { isUnclaimed, whatLinesHold } from '../facts/by-hand.ts';
import { hasData } from '../facts/data.ts';
import { goneInHook, isDying, isTerminating, LAUNCH_WAIT, ownState } from '../facts/lifecycle.ts';
import { lifeOfMember } from '../facts/lives.ts';
import { instancesBehind } from '../model/claims.ts';
import type { DiskFacts } from '../model/disk.ts';
import { type Member, votersOf } from '../model/member.ts';
import type { Ensemble, Observation } from '../model/observation.ts';
import { type Decision, type Step, take, wait, waitForFact } from '../model/step.ts';

/**
 * The launch hook of a node that votes. It comes before the mark `ready`, so that an unanswered hook can't end a
 * settled node.
 */
export function decideLaunched(observation: Observation, id: number): Decision | undefined {
  const { stack, group } = observation;
  if (stack?.launchHook === undefined) return undefined;
  if (!group.known) {
    return waitForFact(
      `This node votes, and its launch hook waits for that word, but ${group.why.replace(/\.$/, '')}.`,
      group,
    );
  }
  const state = ownState(observation);
  if (state === LAUNCH_WAIT) {
    return take(
      { kind: 'complete-launch', group: group.value.name, hook: stack.launchHook, id },
      `This node votes as member ${id}, so its launch is over.`,
    );
  }
  if (state === undefined || state === 'Pending') {
    return wait(`This node votes, and its group does not say yet that its launch hook waits.`);
  }
  return undefined;
}

/** The signal of a settled node, sent once (Joining 9). Undefined when none is due. */
export function decideSignal(observation: Observation, ensemble: Ensemble, id: number): Decision | undefined {
  const { stack, disk } = observation;
  if (!stack?.signals || disk.signalled) return undefined;
  const obstacle = whatHoldsTheSignal(observation, ensemble);
  if (obstacle) {
    return waitForFact(
      `This node votes, and tells the stack so later: ${obstacle}`,
      observation.group.known ? undefined : observation.group,
    );
  }
  return take(
    { kind: 'signal-success', id },
    `This node votes as member ${id}, and no member of the config is about to be terminated.`,
  );
}

/**
 * CloudFormation takes the next old node down as soon as it gets the signal. So every node that leaves has to be gone
 * by then.
 */
function whatHoldsTheSignal(observation: Observation, ensemble: Ensemble): string | undefined {
  const { group, disk } = observation;
  if (!group.known) return `${group.why.replace(/\.$/, '')}, so members may be about to leave.`;
  for (const member of ensemble.config.members) {
    if (member.id === disk.id) continue;
    if (isTerminating(observation, member)) return `member ${member.id} at ${member.address} is to leave first.`;
    if (isDying(observation, member)) {
      return `the instance of member ${member.id} at ${member.address} is gone, and the member has to be removed first.`;
    }
    // A member that nobody claimed is of no node, so the group can't be about to terminate it. But perhaps its claim is
    // only not seen yet.
    if (isUnclaimed(observation, member) && !unclaimedLeaves(observation)) continue;
    if (lifeOfMember(observation, member) === 'unknown') {
      return `it is not known whether the instance of member ${member.id} at ${member.address} lives.`;
    }
  }
  return undefined;
}

/** Whether the group is about to terminate an instance without a claim. */
function unclaimedLeaves({ group, shared }: Observation): boolean {
  const claims = shared.known ? shared.value.claims : [];
  const owners = new Set(claims.flatMap((claim) => (typeof claim.owner === 'object' ? [claim.owner.instance] : [])));
  return (
    group.known &&
    group.value.instances.some((each) => each.lifecycleState.startsWith('Terminating') && !owners.has(each.instance))
  );
}

/** Leaving 4: a voter that sees an instance gone for good answers the hook of that instance. */
export function decideHooksOfTheGone(observation: Observation, ensemble: Ensemble): Decision | undefined {
  const { stack, group } = observation;
  if (stack?.terminateHook === undefined || !group.known) return undefined;
  const instances = goneInHook(observation, ensemble);
  if (instances.length === 0) return undefined;
  return take(
    { kind: 'complete-hooks-of-the-gone', group: group.value.name, hook: stack.terminateHook, instances },
    `${instances.join(', ')} ${instances.length > 1 ? 'are' : 'is'} gone for good and in no config, and the group still waits for an answer.`,
  );
}

/**
 * Joining 10: the last step when bootstrap gives up. Undefined for every node that anybody may need. Only a launching
 * node can be given up, and never one that votes. While no ensemble answers, only a node that can't have any data is
 * given up. In maintenance the node is held back on purpose, so it goes on waiting.
 */
export function decideGivingUp(observation: Observation): Decision | undefined {
  const { order, stack, group, shared, ensemble, disk } = observation;
  if (order.command !== 'bootstrap' || !stack || !group.known || !shared.known) return undefined;
  if (group.value.maintenance) return undefined;
  // No other node could join here either (Joining 11).
  if (whatLinesHold(ensemble?.config)) return undefined;
  const state = ownState(observation);
  const launching = stack.launchHook === undefined ? !disk.ready && state !== undefined : state === LAUNCH_WAIT;
  if (!launching || disk.signalled || (stack.launchHook === undefined && !stack.signals)) return undefined;
  const configs = [ensemble?.config, disk.config, disk.pending].filter((config) => config !== undefined);
  if (configs.some((config) => votersOf(config).some((voter) => mayBeSelf(observation, voter)))) return undefined;
  const record = shared.value.records.at(-1)?.number ?? 0;
  const mayBeNeeded = ensemble === undefined && (record > 0 || disk.stamp !== undefined || hasData(disk));
  if (mayBeNeeded) return undefined;
  return take(
    giveUpLaunch(disk, { group: group.value.name, hook: stack.launchHook, signals: stack.signals, record }),
    'This node could not be brought to vote, and nobody can need its data: the group is to launch another one.',
  );
}

type GivingUp = Extract<Step, { kind: 'give-up-launch' }>;

function giveUpLaunch(
  { id }: DiskFacts,
  { hook, ...step }: Pick<GivingUp, 'group' | 'signals' | 'record' | 'again'> & { readonly hook: string | undefined },
): Step {
  return {
    kind: 'give-up-launch',
    ...step,
    ...(hook === undefined ? {} : { hook }),
    ...(id === undefined ? {} : { id }),
  };
}

/**
 * Joining 10: a node that has begun to abandon its launch takes no part until it knows the outcome. Undefined for every
 * other node.
 */
export function decideAbandoned(observation: Observation, record: number): Decision | undefined {
  const { disk, stack, group } = observation;
  if (!disk.abandoned) return undefined;
  const hook = stack?.launchHook;
  const state = ownState(observation);
  const launches = state === undefined || state.startsWith('Pending');
  if (hook === undefined || !launches) {
    return take({ kind: 'unmark-abandoned' }, 'The launch that this node gave up is over, and it is still here.');
  }
  if (!group.known || state !== LAUNCH_WAIT) {
    return wait('This node gave its launch up, and its group does not say yet what became of it.');
  }
  if (group.value.maintenance) return wait('This node gave its launch up, and its group is in maintenance.');
  return take(
    giveUpLaunch(disk, { group: group.value.name, hook, signals: stack?.signals === true, record, again: true }),
    'This node gave its launch up, and its launch hook still waits for that word.',
  );
}

/**
 * Whether this voter may be this node. A replacement may have the address of a dead member that is still listed. If the
 * claims say so, that member is another instance. If they name nobody, it may be this one.
 */
function mayBeSelf({ shared, disk, self }: Observation, voter: Member): boolean {
  if (voter.address !== self.address) return false;
  const instances = shared.known ? instancesBehind(shared.value.claims, voter) : [];
  return voter.id === disk.id || instances.length === 0 || instances.includes(self.instance);
}
