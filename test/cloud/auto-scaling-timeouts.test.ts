// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  DescribeScalingActivitiesCommand,
  RecordLifecycleActionHeartbeatCommand,
  SetDesiredCapacityCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { deadlineMs, startActions } from '../../cloud/auto-scaling/lifecycle-action.ts';
import { globalTimeoutSeconds, type LifecycleHook } from '../../cloud/auto-scaling/lifecycle-hook.ts';
import { groupStates, hookedGroup, LAUNCH, removeGroup, TERMINATE } from './hooked-group.ts';
import { LocalAws, refused, waitFor } from './local-aws.ts';

/** How far Auto Scaling's clock is ahead of the real one: no test waits for a hook. */
let aheadMs = 0;

let aws: LocalAws;
before(async () => {
  aws = await LocalAws.start({
    timings: { pendingMs: 20, shuttingDownMs: 20 },
    scalingTimings: { nowMs: () => Date.now() + aheadMs, proceedMs: 20 },
  });
});
after(() => aws.close());

/** Moves the clock, and has the group look at it. */
async function passes(group: string, seconds: number): Promise<void> {
  aheadMs += seconds * 1_000;
  await aws.operator.autoScaling.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: group }));
}

function launchings(group: string) {
  const command = new DescribeScalingActivitiesCommand({ AutoScalingGroupName: group });
  return aws.operator.autoScaling
    .send(command)
    .then(({ Activities = [] }) => Activities.filter(({ Description }) => Description?.startsWith('Launching')));
}

test('a launch hook that times out abandons the launch by default', async () => {
  const group = await hookedGroup(aws, [{ ...LAUNCH, HeartbeatTimeout: 150 }], 1);
  const [id = ''] = await groupStates(aws, group, ['Pending:Wait']);
  await passes(group, 150);
  await waitFor('another instance', async () => {
    const [member] = await aws.members(group);
    return member !== undefined && member.InstanceId !== id;
  });
  const launch = (await launchings(group)).find(({ Description }) => Description?.endsWith(id));
  assert.equal(launch?.StatusCode, 'Cancelled');
  assert.match(launch?.StatusMessage ?? '', /was abandoned: Heartbeat Timeout$/);
  await removeGroup(aws, group);
});

test('a launch hook that times out with CONTINUE lets the instance into service', async () => {
  const group = await hookedGroup(aws, [{ ...LAUNCH, HeartbeatTimeout: 150, DefaultResult: 'CONTINUE' }], 1);
  const [id = ''] = await groupStates(aws, group, ['Pending:Wait']);
  await passes(group, 150);
  assert.deepEqual(await groupStates(aws, group, ['InService']), [id]);
  await removeGroup(aws, group);
});

test('a terminate hook that times out ends the instance with either default result', async () => {
  for (const DefaultResult of ['CONTINUE', 'ABANDON']) {
    const group = await hookedGroup(aws, [{ ...TERMINATE, HeartbeatTimeout: 150, DefaultResult }], 1);
    const [id = ''] = await groupStates(aws, group, ['InService']);
    const toNone = new SetDesiredCapacityCommand({ AutoScalingGroupName: group, DesiredCapacity: 0 });
    await aws.operator.autoScaling.send(toNone);
    await groupStates(aws, group, ['Terminating:Wait']);
    assert.equal(await aws.state(id), 'running');
    await passes(group, 150);
    await groupStates(aws, group, []);
    assert.equal(await aws.state(id), 'terminated');
    await removeGroup(aws, group);
  }
});

test('the hook of an instance terminated behind the back of its group times out', async () => {
  const group = await hookedGroup(aws, [{ ...TERMINATE, HeartbeatTimeout: 300 }], 1);
  const [id = ''] = await groupStates(aws, group, ['InService']);
  await aws.operator.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  assert.equal((await groupStates(aws, group, ['Terminating:Wait', 'InService']))[0], id);
  await passes(group, 300);
  assert.equal((await groupStates(aws, group, ['InService'])).includes(id), false);
  await removeGroup(aws, group);
});

test('heartbeats keep an instance waiting, and without them it times out', async () => {
  const group = await hookedGroup(aws, [{ ...TERMINATE, HeartbeatTimeout: 150 }], 1);
  const [InstanceId = ''] = await groupStates(aws, group, ['InService']);
  await aws.operator.autoScaling.send(
    new SetDesiredCapacityCommand({ AutoScalingGroupName: group, DesiredCapacity: 0 }),
  );
  await groupStates(aws, group, ['Terminating:Wait']);
  const heartbeat = new RecordLifecycleActionHeartbeatCommand({
    AutoScalingGroupName: group,
    LifecycleHookName: 'terminate',
    InstanceId,
  });
  // Three timeouts long, ten heartbeats in each.
  for (let beat = 0; beat < 30; beat++) {
    await aws.as(InstanceId).autoScaling.send(heartbeat);
    await passes(group, 15);
  }
  assert.deepEqual(await groupStates(aws, group, ['Terminating:Wait']), [InstanceId]);
  await passes(group, 150);
  await groupStates(aws, group, []);
  await refused(aws.operator.autoScaling.send(heartbeat), 'ValidationError', /No active Lifecycle Action found/);
  await removeGroup(aws, group);
});

test('no heartbeat prolongs a wait beyond a hundred timeouts, or 48 hours', () => {
  const hook: LifecycleHook = {
    name: 'launch',
    transition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
    heartbeatSeconds: 30,
    defaultResult: 'ABANDON',
  };
  assert.equal(globalTimeoutSeconds(hook), 3_000);
  assert.equal(globalTimeoutSeconds({ ...hook, heartbeatSeconds: 7_200 }), 48 * 3_600);
  const [action] = startActions([hook], 'autoscaling:EC2_INSTANCE_LAUNCHING', Date.now());
  assert.ok(action);
  const { startedAtMs } = action;
  assert.equal(deadlineMs(action), startedAtMs + 30_000);
  action.beatAtMs = startedAtMs + 1_000_000;
  assert.equal(deadlineMs(action), startedAtMs + 1_030_000);
  action.beatAtMs = startedAtMs + 2_999_000;
  assert.equal(deadlineMs(action), startedAtMs + 3_000_000);
});

test('SetDesiredCapacity with HonorCooldown waits for the cooldown after the last activity', async () => {
  const group = await hookedGroup(aws, [], 1, { DefaultCooldown: 200 });
  await groupStates(aws, group, ['InService']);
  const toTwo = { AutoScalingGroupName: group, DesiredCapacity: 2 };
  const honoring = () =>
    aws.operator.autoScaling.send(new SetDesiredCapacityCommand({ ...toTwo, HonorCooldown: true }));
  await refused(honoring(), 'ScalingActivityInProgressFault', /is in progress and blocks this action/);
  assert.equal((await aws.members(group)).length, 1);
  aheadMs += 200_000;
  await honoring();
  await groupStates(aws, group, ['InService', 'InService']);
  // Without it the cooldown blocks nothing.
  await aws.operator.autoScaling.send(new SetDesiredCapacityCommand({ ...toTwo, DesiredCapacity: 3 }));
  await groupStates(aws, group, ['InService', 'InService', 'InService']);
  await removeGroup(aws, group);
});
