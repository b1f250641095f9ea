// SPDX-License-Identifier: Apache-2.0
/**
 * The lifecycle of one instance in its group. It follows the Auto Scaling User Guide, "Amazon EC2 Auto Scaling instance
 * lifecycle" and "How lifecycle hooks work":
 *
 *     Pending -> [Pending:Wait -> Pending:Proceed] -> InService
 *             -> Terminating -> [Terminating:Wait -> Terminating:Proceed] -> out of the group
 *
 * The states in brackets appear only with a hook for that transition. AWS does not document whether an instance with an
 * abandoned launch gets the terminate hook. Here every leaving instance gets it.
 */
import { beginActivity, endActivity } from './activity.ts';
import type { Group, GroupInstance } from './group.ts';
import type { GroupCloud, ScalingTimings } from './group-cloud.ts';
import { deadlineMs, expire, resultOfAll, startActions } from './lifecycle-action.ts';

/**
 * Moves every instance as far as it can go now. If EC2 does not terminate one, returns the reason; the next pass tries
 * again.
 */
export async function advance(group: Group, cloud: GroupCloud): Promise<unknown> {
  let failure: unknown;
  for (const member of [...group.instances.values()]) {
    launchOn(group, member, cloud);
    waitOut(group, member, cloud);
    try {
      await end(group, member, cloud);
    } catch (error) {
      failure ??= error;
    }
  }
  return failure;
}

/** The instance begins to leave. From now on it no longer counts, and its hooks come next. */
export function leave(group: Group, member: GroupInstance, cause: string, launchFailure?: string): void {
  if (member.lifecycleState.startsWith('Pending')) {
    const why = launchFailure ?? 'The instance was terminated before it was in service';
    endActivity(member.activity, 'Cancelled', why);
  }
  member.lifecycleState = 'Terminating';
  member.actions = [];
  member.released = false;
  member.activity = beginActivity(group, `Terminating EC2 instance: ${member.instance}`, cause);
}

/** The time of the next change in the group without an outside event; undefined when there is none. */
export function nextMoveMs(group: Group): number | undefined {
  const moves = [...group.instances.values()].flatMap((member) => {
    if (member.lifecycleState === 'Pending:Proceed') return [member.proceedsUntilMs];
    const waiting = member.actions.filter(({ result }) => result === undefined);
    return waiting.map((action) => deadlineMs(action));
  });
  return moves.length === 0 ? undefined : Math.min(...moves);
}

function launchOn(group: Group, member: GroupInstance, { ec2, timings }: GroupCloud): void {
  if (member.lifecycleState === 'Pending' && ec2.world.state(member.instance) === 'running') {
    member.actions = startActions(group.hooks, 'autoscaling:EC2_INSTANCE_LAUNCHING', timings.nowMs());
    if (member.actions.length === 0) enterService(member, timings);
    else wait(member, 'Pending:Wait');
  }
  if (member.lifecycleState === 'Pending:Wait') {
    expire(member.actions, timings.nowMs());
    const result = resultOfAll(member.actions);
    if (result === 'CONTINUE') {
      member.lifecycleState = 'Pending:Proceed';
      member.proceedsUntilMs = timings.nowMs() + timings.proceedMs;
      member.activity.status = 'PreInService';
    } else if (result === 'ABANDON') {
      const { token, reason } = member.actions.find((action) => action.result === 'ABANDON') ?? {};
      const why = `Instance failed to complete user's Lifecycle Action: Lifecycle Action with token ${token} was abandoned: ${reason}`;
      leave(group, member, 'an instance failed to complete its launching lifecycle action', why);
    }
  }
  if (member.lifecycleState === 'Pending:Proceed' && timings.nowMs() >= member.proceedsUntilMs) {
    enterService(member, timings);
  }
}

function waitOut(group: Group, member: GroupInstance, { timings }: GroupCloud): void {
  if (member.lifecycleState === 'Terminating' && !member.released) {
    // A group that is deleted by force skips its hooks.
    const hooks = group.deleting ? [] : group.hooks;
    member.actions = startActions(hooks, 'autoscaling:EC2_INSTANCE_TERMINATING', timings.nowMs());
    if (member.actions.length === 0) member.released = true;
    else wait(member, 'Terminating:Wait');
  }
  if (member.lifecycleState === 'Terminating:Wait') {
    expire(member.actions, timings.nowMs());
    // The instance is terminated with either result; ABANDON only ends the waits for the other hooks.
    if (resultOfAll(member.actions) === undefined) return;
    member.lifecycleState = 'Terminating:Proceed';
    member.actions = [];
    member.activity.status = 'InProgress';
    member.released = true;
  }
}

async function end(group: Group, member: GroupInstance, { ec2, logged, timings }: GroupCloud): Promise<void> {
  if (!member.released) return;
  const state = ec2.world.state(member.instance);
  if (state === 'terminated' || state === undefined) {
    group.instances.delete(member.instance);
    endActivity(member.activity, 'Successful', undefined, timings.nowMs());
  } else if (state !== 'shutting-down') {
    await logged('TerminateInstances', () => ec2.terminate([member.instance]));
  }
}

function wait(member: GroupInstance, state: 'Pending:Wait' | 'Terminating:Wait'): void {
  member.lifecycleState = state;
  member.activity.status = 'MidLifecycleAction';
}

function enterService(member: GroupInstance, timings: ScalingTimings): void {
  member.lifecycleState = 'InService';
  member.actions = [];
  member.inServiceAtMs = timings.nowMs();
  endActivity(member.activity, 'Successful', undefined, timings.nowMs());
}
