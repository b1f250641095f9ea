// SPDX-License-Identifier: Apache-2.0
/**
 * The way of one instance through its group, as the Auto Scaling User Guide has it in "Amazon EC2 Auto Scaling
 * instance lifecycle" and "How lifecycle hooks work":
 *
 *     Pending -> [Pending:Wait -> Pending:Proceed] -> InService
 *             -> Terminating -> [Terminating:Wait -> Terminating:Proceed] -> out of the group
 *
 * The states in brackets only with a hook for that transition. Whether an instance whose launch was abandoned meets
 * the terminate hook is not documented; here every instance that leaves does.
 */
import { beginActivity, endActivity } from './activity.ts';
import type { Group, GroupInstance } from './group.ts';
import type { GroupCloud } from './group-cloud.ts';
import { deadlineMs, expire, resultOfAll, startActions } from './lifecycle-action.ts';

/**
 * Takes every instance as far as it goes now. Returns why EC2 would not end one, if so: the next pass tries that again.
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

/** The instance begins to leave: from now on it counts no more, and its hooks come next. */
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

/** When the next instance of the group moves on by itself; undefined when none does. */
export function nextMoveMs(group: Group, { timings }: GroupCloud): number | undefined {
  const moves = [...group.instances.values()].flatMap((member) => {
    if (member.lifecycleState === 'Pending:Proceed') return [member.proceedsUntilMs];
    const waiting = member.actions.filter(({ result }) => result === undefined);
    return waiting.map((action) => deadlineMs(action, timings.secondMs));
  });
  return moves.length === 0 ? undefined : Math.min(...moves);
}

function launchOn(group: Group, member: GroupInstance, { ec2, timings }: GroupCloud): void {
  if (member.lifecycleState === 'Pending' && ec2.world.state(member.instance) === 'running') {
    member.actions = startActions(group.hooks, 'autoscaling:EC2_INSTANCE_LAUNCHING');
    if (member.actions.length === 0) enterService(member);
    else wait(member, 'Pending:Wait');
  }
  if (member.lifecycleState === 'Pending:Wait') {
    expire(member.actions, timings.secondMs);
    const result = resultOfAll(member.actions);
    if (result === 'CONTINUE') {
      member.lifecycleState = 'Pending:Proceed';
      member.proceedsUntilMs = Date.now() + timings.proceedMs;
      member.activity.status = 'PreInService';
    } else if (result === 'ABANDON') {
      const { token, reason } = member.actions.find((action) => action.result === 'ABANDON') ?? {};
      const why = `Instance failed to complete user's Lifecycle Action: Lifecycle Action with token ${token} was abandoned: ${reason}`;
      leave(group, member, 'an instance failed to complete its launching lifecycle action', why);
    }
  }
  if (member.lifecycleState === 'Pending:Proceed' && Date.now() >= member.proceedsUntilMs) enterService(member);
}

function waitOut(group: Group, member: GroupInstance, { timings }: GroupCloud): void {
  if (member.lifecycleState === 'Terminating' && !member.released) {
    // A group that is deleted by force asks nobody.
    const hooks = group.deleting ? [] : group.hooks;
    member.actions = startActions(hooks, 'autoscaling:EC2_INSTANCE_TERMINATING');
    if (member.actions.length === 0) member.released = true;
    else wait(member, 'Terminating:Wait');
  }
  if (member.lifecycleState === 'Terminating:Wait') {
    expire(member.actions, timings.secondMs);
    // It ends with either result; ABANDON only ends the waits for the other hooks.
    if (resultOfAll(member.actions) === undefined) return;
    member.lifecycleState = 'Terminating:Proceed';
    member.actions = [];
    member.activity.status = 'InProgress';
    member.released = true;
  }
}

async function end(group: Group, member: GroupInstance, { ec2, logged }: GroupCloud): Promise<void> {
  if (!member.released) return;
  const state = ec2.world.state(member.instance);
  if (state === 'terminated' || state === undefined) {
    group.instances.delete(member.instance);
    endActivity(member.activity, 'Successful');
  } else if (state !== 'shutting-down') {
    await logged('TerminateInstances', () => ec2.terminate([member.instance]));
  }
}

function wait(member: GroupInstance, state: 'Pending:Wait' | 'Terminating:Wait'): void {
  member.lifecycleState = state;
  member.activity.status = 'MidLifecycleAction';
}

function enterService(member: GroupInstance): void {
  member.lifecycleState = 'InService';
  member.actions = [];
  member.inServiceAtMs = Date.now();
  endActivity(member.activity, 'Successful');
}
