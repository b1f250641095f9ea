// SPDX-License-Identifier: Apache-2.0
/**
 * Leaving for good (docs/protocol.md, "Leaving"). The node is first removed from the config, then its server stops
 * after a later write, and last it answers the terminate hook. Pure.
 *
 * Invariant 4, for the node itself: it does not leave while the rest would be without quorum.
 */

import { countsAsServing, isUnclaimed, whatLinesHold } from '../facts/by-hand.ts';
import { isDying, isTerminating, ownState, TERMINATE_WAIT } from '../facts/lifecycle.ts';
import { idModeOf } from '../identity/modes.ts';
import type { Advice } from '../model/advice.ts';
import { unreadable } from '../model/disk.ts';
import { listed, type Member, quorumOf, votersOf } from '../model/member.ts';
import type { Ensemble, Observation } from '../model/observation.ts';
import type { LineageRecord } from '../model/records.ts';
import { type Decision, done, refuse, take, wait, waitForFact } from '../model/step.ts';
import { decideRemoval } from './remove.ts';
import { decideRestart, mayRun, RESTARTING } from './restart.ts';
import { withdrawReport } from './withdraw.ts';

/** Whether this node is to leave: an operator said so (now, or before a crash), or its group does. */
export function isLeaving(observation: Observation): boolean {
  if (observation.order.command === 'leave' || observation.disk.left) return true;
  return observation.targetState.known && observation.targetState.value === 'Terminated';
}

/**
 * The next step of a leaving node. Undefined while no ensemble answers and the node has something to offer. It then
 * restarts, reports and recovers like any other, since its data may be the best there is (Leaving 3).
 */
export function decideLeave(
  observation: Observation,
  newest: LineageRecord | undefined,
  ensemble: Ensemble | undefined,
): Decision | undefined {
  const { disk, group, order, self } = observation;
  const asked = order.command === 'leave' || disk.left;
  const mark = take({ kind: 'mark-left' }, 'The operator takes this node out; the mark outlives a crash.');
  // Leaving 5: the group goes to zero, and nothing is left to protect.
  const empty = group.known && group.value.desired === 0 && group.value.maximum === 0;
  const own = ensemble && listed(ensemble.config, disk.id, self.address);
  if (empty) return asked && !disk.left ? mark : stop(observation, ensemble, own);
  const obstacle = ensemble && own && whatHoldsTheRest(observation, ensemble);
  if (own && obstacle) return waitForTheRest(observation, ensemble, own, obstacle);
  const stays = newest !== undefined && (disk.stamp !== undefined || unreadable(disk, 'stamp') !== undefined);
  if (!ensemble && stays && !idModeOf(observation).makesRoom(observation)) return undefined;
  if (asked && !disk.left) return mark;
  if (ensemble && own) return removeSelf(observation, ensemble, own, newest?.number ?? 0);
  return stop(observation, ensemble, own);
}

/** A leader that has to wait goes on removing the dead: no other node does, and the dead may be what it waits for. */
function waitForTheRest(observation: Observation, ensemble: Ensemble, own: Member, obstacle: string): Decision {
  const alone = ensemble.config.members.every((member) => member === own || member.role === 'observer');
  if (observation.order.command === 'leave' && alone) return LAST_VOTER;
  const advice: readonly Advice[] = alone ? [MORE_NODES] : [];
  const leads = ensemble.leader.address === observation.self.address;
  const removal = leads ? decideRemoval(observation, ensemble) : undefined;
  return removal?.kind === 'step' ? removal : wait(`This node is to leave, but ${obstacle}`, undefined, advice);
}

const MORE_NODES: Advice = { action: 'scale-out', when: [] };

/** A wait would not change this. */
const LAST_VOTER = refuse(
  'BAD_ARGUMENT',
  'This node is the last voter, so it can’t leave: there would be no ensemble.',
  [MORE_NODES],
);

/** Leaving 1: the node removes itself through its own server, so that server has to run. */
function removeSelf(observation: Observation, ensemble: Ensemble, own: Member, newest: number): Decision {
  const { disk, server } = observation;
  if (server.restarting) return wait(`This node is to leave. ${RESTARTING}`);
  if (server.upMs === undefined) {
    if (disk.fence) {
      return take({ kind: 'lift-fence', record: newest }, 'An ensemble answers, so the fence holds nothing back.');
    }
    const restart = decideRestart(observation, newest);
    // A member without a server does not vote. The leader removes it as soon as its instance may terminate.
    return (
      restart ??
      decideHookOfLeaving(observation) ??
      wait('This node is to leave, but its server can’t run; the others remove it once its instance shuts down.')
    );
  }
  const uncounted = votersOf(ensemble.config)
    .filter((member) => isUnclaimed(observation, member))
    .map((member) => member.id);
  return take(
    {
      kind: 'remove-self',
      id: own.id,
      fromVersion: ensemble.config.version,
      ...(uncounted.length === 0 ? {} : { uncounted }),
    },
    `This node leaves: member ${own.id} is removed, the rest keeps its quorum.`,
  );
}

function stop(observation: Observation, ensemble: Ensemble | undefined, own: Member | undefined): Decision {
  const { disk, server } = observation;
  if (!mayRun(server)) {
    // Only a healthy tick would withdraw the report, and a node that has left has no healthy tick.
    if (ensemble && disk.reported) return withdrawReport(observation, 'An ensemble answers without this node.');
    return (
      decideHookOfLeaving(observation) ?? done('This node has left: no config holds it and its server is stopped.')
    );
  }
  if (ensemble && !own && disk.id !== undefined) {
    return take(
      { kind: 'stop-removed', id: disk.id },
      'The config is without this node; its server stops after one more committed write.',
    );
  }
  return take({ kind: 'stop-server' }, 'Nothing is left to protect, so this node just stops.');
}

/**
 * A node that refuses its data: while an ensemble serves without it, the node answers its terminate hook. Without an
 * ensemble its data may be needed, so the hook is prolonged.
 */
export function decideLeaveRefused(observation: Observation): Decision | undefined {
  const { ensemble, server } = observation;
  return ensemble && !mayRun(server) ? decideHookOfLeaving(observation) : undefined;
}

/** Leaving 1: as its last step, the node answers the terminate hook that holds its instance. */
function decideHookOfLeaving(observation: Observation): Decision | undefined {
  const { stack, group, targetState, self } = observation;
  const terminates = targetState.known && targetState.value === 'Terminated';
  if (stack?.terminateHook === undefined || !terminates) return undefined;
  if (!group.known) {
    return waitForFact(
      `This node has left, and its terminate hook waits for that word, but ${group.why.replace(/\.$/, '')}.`,
      group,
    );
  }
  const state = ownState(observation);
  if (state === TERMINATE_WAIT) {
    return take(
      { kind: 'complete-leaving', group: group.value.name, hook: stack.terminateHook },
      `The server of ${self.instance} is stopped, so its instance may be terminated.`,
    );
  }
  const early = state !== undefined && !state.startsWith('Terminating:');
  return early ? wait('This node has left, and its group does not say yet that its terminate hook waits.') : undefined;
}

/**
 * Leaving 2: the voters that are left must be able to commit alone, now and after all that are to leave have left.
 * Nothing else holds a leaving back, not even maintenance.
 */
function whatHoldsTheRest(observation: Observation, ensemble: Ensemble): string | undefined {
  const lines = whatLinesHold(ensemble.config);
  if (lines) return `${lines}.`;
  const rest = votersOf(ensemble.config).filter((member) => member.id !== observation.disk.id);
  if (rest.length === 0) return 'it is the last voter.';
  // A server whose instance shuts down may still answer, but not for long.
  const serving = rest.filter(
    (member) => countsAsServing(observation, ensemble, member) && !isDying(observation, member),
  );
  if (serving.length < quorumOf(rest.length)) {
    return `only ${serving.length} of the other ${rest.length} voters serve, which is no quorum.`;
  }
  const held = idModeOf(observation).hasRoom(observation, ensemble)
    ? whatHoldsBeside(observation, rest, serving)
    : whatHoldsInTurn(observation, rest, serving);
  if (held !== undefined) return held;
  const leads = ensemble.leader.address === observation.self.address;
  // A member that does not serve can't leave by itself, so the leader does not wait for it.
  const before = leads ? serving.find((member) => isTerminating(observation, member)) : undefined;
  return (
    before && `it leads, and member ${before.id}, which leaves too, goes first: clients lose their leader once only.`
  );
}

/** Leaving 2: a replacement can join beside the members that leave, so those that stay are counted by themselves. */
function whatHoldsBeside(
  observation: Observation,
  rest: readonly Member[],
  serving: readonly Member[],
): string | undefined {
  const staying = rest.filter((member) => !isTerminating(observation, member) && !isDying(observation, member));
  const stay = staying.filter((member) => serving.includes(member)).length;
  if (stay < quorumOf(staying.length)) {
    return `of the voters that stay, ${stay} of ${staying.length} serve, which is no quorum; the others leave as well.`;
  }
  return awaitedReplacement(observation, stay);
}

/**
 * A replacement needs the place of a member that leaves. So one goes at a time, and only from an ensemble that is
 * whole.
 */
function whatHoldsInTurn(
  { group }: Observation,
  rest: readonly Member[],
  serving: readonly Member[],
): string | undefined {
  const others = group.known ? group.value.desired - 1 : rest.length;
  if (serving.length >= others) return undefined;
  return `only ${serving.length} of the ${others} other voters that the group is for serve, and a replacement needs a place that is free.`;
}

/**
 * Leaving 2: a group that replaces this node, and does not merely shrink, has a replacement on its way. The node waits
 * for it, so that the ensemble is not short of a member meanwhile. `stay` counts the voters that serve and stay.
 */
function awaitedReplacement(observation: Observation, stay: number): string | undefined {
  const { order, disk, group, server, self } = observation;
  if (order.command === 'leave' || disk.left || !group.known || group.value.maintenance) return undefined;
  // A server that does not serve is of no use to the rest, so it does not wait.
  if (server.answer.kind !== 'serving') return undefined;
  const { desired, instances, suspended } = group.value;
  const size = desired % 2 === 1 ? desired : desired - 1;
  if (stay >= size || suspended.includes('Launch')) return undefined;
  // The group may not say yet that this very node leaves.
  const active = instances.filter(
    ({ instance, lifecycleState }) => instance !== self.instance && !lifecycleState.startsWith('Terminating'),
  );
  const pending = active.some(({ lifecycleState }) => lifecycleState.startsWith('Pending'));
  if (!pending && active.length >= desired) return undefined;
  return `only ${stay} voters would stay of the ${size} that the group is for, and a replacement is on its way.`;
}
