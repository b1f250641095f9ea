// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  DeleteLifecycleHookCommand,
  DescribeAutoScalingInstancesCommand,
  DescribeLifecycleHooksCommand,
  DescribeLifecycleHookTypesCommand,
  DescribeScalingActivitiesCommand,
  type LifecycleHookSpecification,
  PutLifecycleHookCommand,
  RecordLifecycleActionHeartbeatCommand,
  SetDesiredCapacityCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  completion,
  groupStates,
  hookedGroup,
  LAUNCH,
  LAUNCHING,
  removeGroup,
  TERMINATE,
  TERMINATING,
} from './hooked-group.ts';
import { LocalAws, refused, waitFor } from './local-aws.ts';

const PROCEED_MS = 600_000;
/** Long enough to be seen. */
const LONG_END_MS = 5_000;
/** How far Auto Scaling's clock is ahead of the real one. */
let aheadMs = 0;

let aws: LocalAws;
before(async () => {
  const scalingTimings = { nowMs: () => Date.now() + aheadMs, proceedMs: PROCEED_MS };
  aws = await LocalAws.start({ timings: { pendingMs: 50, shuttingDownMs: 50 }, scalingTimings });
});
after(() => aws.close());

const complete = (group: string, hook: string, InstanceId: string, result = 'CONTINUE', of = aws) =>
  of.operator.autoScaling.send(completion(group, hook, { InstanceId }, result));

/** Who is in Pending:Proceed stays there until the clock is moved. */
async function proceed(group: string): Promise<void> {
  await waitFor('an instance proceeds', async () =>
    (await aws.members(group)).some(({ LifecycleState }) => LifecycleState === 'Pending:Proceed'),
  );
  aheadMs += PROCEED_MS;
  await aws.operator.autoScaling.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: group }));
}

async function activities(group: string, of = aws) {
  const command = new DescribeScalingActivitiesCommand({ AutoScalingGroupName: group });
  const { Activities = [] } = await of.operator.autoScaling.send(command);
  return Activities.map(({ Description, StatusCode, StatusMessage }) => ({ Description, StatusCode, StatusMessage }));
}

test('an instance waits in Pending:Wait until its launch hook is completed', async () => {
  const group = await hookedGroup(aws, [LAUNCH], 1);
  const [id = ''] = await groupStates(aws, group, ['Pending:Wait']);
  assert.equal(await aws.state(id), 'running');
  assert.deepEqual(aws.cloud.membership(id), { group, lifecycleState: 'Pending:Wait', target: 'InService' });
  const launching = { Description: `Launching a new EC2 instance: ${id}`, StatusMessage: undefined };
  assert.deepEqual(await activities(group), [{ ...launching, StatusCode: 'MidLifecycleAction' }]);
  await aws.as(id).autoScaling.send(completion(group, 'launch', { InstanceId: id }, 'CONTINUE'));
  await groupStates(aws, group, ['Pending:Proceed']);
  assert.equal(aws.cloud.membership(id)?.target, 'InService');
  await proceed(group);
  await groupStates(aws, group, ['InService']);
  assert.deepEqual(await activities(group), [{ ...launching, StatusCode: 'Successful' }]);
  const again = complete(group, 'launch', id);
  await refused(again, 'ValidationError', new RegExp(`^No active Lifecycle Action found with instance ID ${id}$`));
  await removeGroup(aws, group);
});

test('an instance waits in Terminating:Wait, still running, until its terminate hook is completed', async () => {
  const slow = await LocalAws.start({ timings: { pendingMs: 50, shuttingDownMs: LONG_END_MS } });
  await using ends = new AsyncDisposableStack();
  ends.defer(() => slow.close());
  const group = await hookedGroup(slow, [TERMINATE], 2);
  const [first = ''] = await groupStates(slow, group, ['InService', 'InService']);
  const { autoScaling } = slow.operator;
  await refused(complete(group, 'terminate', first, 'CONTINUE', slow), 'ValidationError', /No active Lifecycle Action/);
  await autoScaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: group, DesiredCapacity: 1 }));
  const [leaving = ''] = await groupStates(slow, group, ['Terminating:Wait', 'InService']);
  assert.equal(await slow.state(leaving), 'running');
  assert.deepEqual(slow.cloud.membership(leaving), {
    group,
    lifecycleState: 'Terminating:Wait',
    target: 'Terminated',
  });
  const described = await autoScaling.send(new DescribeAutoScalingInstancesCommand({ InstanceIds: [leaving] }));
  assert.equal(described.AutoScalingInstances?.[0]?.LifecycleState, 'Terminating:Wait');
  const ending = { Description: `Terminating EC2 instance: ${leaving}`, StatusMessage: undefined };
  assert.deepEqual((await activities(group, slow))[0], { ...ending, StatusCode: 'MidLifecycleAction' });
  await complete(group, 'terminate', leaving, 'CONTINUE', slow);
  await groupStates(slow, group, ['Terminating:Proceed', 'InService']);
  await groupStates(slow, group, ['InService']);
  assert.equal(await slow.state(leaving), 'terminated');
  assert.deepEqual((await activities(group, slow))[0], { ...ending, StatusCode: 'Successful' });
});

test('a launch that is abandoned ends the instance and another one is launched', async () => {
  const group = await hookedGroup(aws, [LAUNCH], 1);
  const [bad = ''] = await groupStates(aws, group, ['Pending:Wait']);
  const token = aws.cloud.lifecycleNotices(bad)[0]?.token;
  await complete(group, 'launch', bad, 'ABANDON');
  await waitFor('another instance', async () => {
    const members = await aws.members(group);
    return members.length === 1 && members[0]?.InstanceId !== bad && members[0]?.LifecycleState === 'Pending:Wait';
  });
  assert.equal(await aws.state(bad), 'terminated');
  const launch = (await activities(group)).find(
    ({ Description }) => Description?.endsWith(`instance: ${bad}`) && Description.startsWith('Launching'),
  );
  assert.equal(launch?.StatusCode, 'Cancelled');
  assert.equal(
    launch?.StatusMessage,
    `Instance failed to complete user's Lifecycle Action: Lifecycle Action with token ${token} was abandoned: Lifecycle Action Completed with ABANDON Result`,
  );
  await removeGroup(aws, group);
});

test('several hooks of one transition: all have to continue, one that is abandoned ends the waiting', async () => {
  const second = { ...LAUNCH, LifecycleHookName: 'second' };
  const goodbye = { ...TERMINATE, LifecycleHookName: 'goodbye' };
  const group = await hookedGroup(aws, [LAUNCH, second, TERMINATE, goodbye], 1);
  const [id = ''] = await groupStates(aws, group, ['Pending:Wait']);
  assert.deepEqual(
    aws.cloud.lifecycleNotices(id).map(({ hook, transition }) => [hook, transition]),
    [
      ['launch', LAUNCHING],
      ['second', LAUNCHING],
    ],
  );
  await complete(group, 'launch', id);
  await refused(complete(group, 'launch', id), 'ValidationError', /No active Lifecycle Action/);
  assert.equal(aws.cloud.membership(id)?.lifecycleState, 'Pending:Wait');
  await complete(group, 'second', id);
  await proceed(group);
  await groupStates(aws, group, ['InService']);
  const { autoScaling } = aws.operator;
  await autoScaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: group, DesiredCapacity: 0 }));
  await groupStates(aws, group, ['Terminating:Wait']);
  await complete(group, 'goodbye', id, 'ABANDON');
  await groupStates(aws, group, []);
  assert.equal(await aws.state(id), 'terminated');
  await removeGroup(aws, group);
});

test('a lifecycle action is completed by its token too', async () => {
  const group = await hookedGroup(aws, [LAUNCH], 2);
  const [one = '', other = ''] = await groupStates(aws, group, ['Pending:Wait', 'Pending:Wait']);
  const { autoScaling } = aws.operator;
  const LifecycleActionToken = aws.cloud.lifecycleNotices(one)[0]?.token ?? '';
  const foreign = completion(group, 'launch', { LifecycleActionToken, InstanceId: other }, 'CONTINUE');
  await refused(autoScaling.send(foreign), 'ValidationError', /found with token/);
  await refused(autoScaling.send(completion(group, 'launch', {}, 'CONTINUE')), 'ValidationError', /is needed/);
  await autoScaling.send(completion(group, 'launch', { LifecycleActionToken }, 'CONTINUE'));
  await proceed(group);
  assert.deepEqual(await groupStates(aws, group, ['InService', 'Pending:Wait']), [one, other]);
  const unknown = completion(group, 'launch', { LifecycleActionToken }, 'CONTINUE');
  await refused(
    autoScaling.send(unknown),
    'ValidationError',
    new RegExp(`^No active Lifecycle Action found with token ${LifecycleActionToken}$`),
  );
  await removeGroup(aws, group);
});

test('a wrong hook, group or result completes nothing', async () => {
  const group = await hookedGroup(aws, [LAUNCH], 1);
  const [id = ''] = await groupStates(aws, group, ['Pending:Wait']);
  await refused(complete(group, 'terminate', id), 'ValidationError', /No active Lifecycle Action/);
  await refused(complete('nobody', 'launch', id), 'ValidationError', /name not found/);
  await refused(complete(group, 'launch', id, 'PROCEED'), 'ValidationError', /CONTINUE or ABANDON, not PROCEED/);
  const heartbeat = new RecordLifecycleActionHeartbeatCommand({
    AutoScalingGroupName: group,
    LifecycleHookName: 'terminate',
    InstanceId: id,
  });
  await refused(aws.operator.autoScaling.send(heartbeat), 'ValidationError', /No active Lifecycle Action/);
  assert.equal(aws.cloud.membership(id)?.lifecycleState, 'Pending:Wait');
  await removeGroup(aws, group);
});

test('hooks are described, changed and deleted', async () => {
  const { autoScaling } = aws.operator;
  const group = await hookedGroup(aws, [{ ...LAUNCH, HeartbeatTimeout: 300, DefaultResult: 'CONTINUE' }, TERMINATE], 0);
  const describe = async (...LifecycleHookNames: string[]) => {
    const command = new DescribeLifecycleHooksCommand({ AutoScalingGroupName: group, LifecycleHookNames });
    return (await autoScaling.send(command)).LifecycleHooks;
  };
  const launch = {
    ...LAUNCH,
    AutoScalingGroupName: group,
    HeartbeatTimeout: 300,
    GlobalTimeout: 30_000,
    DefaultResult: 'CONTINUE',
  };
  const terminate = {
    ...TERMINATE,
    AutoScalingGroupName: group,
    HeartbeatTimeout: 3_600,
    GlobalTimeout: 172_800,
    DefaultResult: 'ABANDON',
  };
  assert.deepEqual(await describe(), [launch, terminate]);
  await autoScaling.send(
    new PutLifecycleHookCommand({ AutoScalingGroupName: group, LifecycleHookName: 'launch', HeartbeatTimeout: 60 }),
  );
  assert.deepEqual(await describe('launch', 'unknown'), [{ ...launch, HeartbeatTimeout: 60, GlobalTimeout: 6_000 }]);
  await autoScaling.send(new DeleteLifecycleHookCommand({ AutoScalingGroupName: group, LifecycleHookName: 'launch' }));
  assert.deepEqual(await describe(), [terminate]);
  const unknown = new DeleteLifecycleHookCommand({ AutoScalingGroupName: group, LifecycleHookName: 'launch' });
  await refused(autoScaling.send(unknown), 'ValidationError', /^No Lifecycle Hook found$/);
  const { LifecycleHookTypes } = await autoScaling.send(new DescribeLifecycleHookTypesCommand({}));
  assert.deepEqual(LifecycleHookTypes, [LAUNCHING, TERMINATING]);
  await removeGroup(aws, group);
});

test('hooks that Auto Scaling would refuse, and notification targets, are refused', async () => {
  const group = await hookedGroup(aws, [], 0);
  const put = (hook: Partial<LifecycleHookSpecification>) =>
    aws.operator.autoScaling.send(new PutLifecycleHookCommand({ AutoScalingGroupName: group, ...LAUNCH, ...hook }));
  await refused(put({ HeartbeatTimeout: 29 }), 'ValidationError', /between 30 and 7200 seconds, not 29/);
  await refused(put({ HeartbeatTimeout: 7_201 }), 'ValidationError', /between 30 and 7200 seconds, not 7201/);
  await refused(put({ DefaultResult: 'RETRY' }), 'ValidationError', /CONTINUE or ABANDON/);
  await refused(put({ LifecycleHookName: 'a.b' }), 'ValidationError');
  await refused(put({ LifecycleTransition: 'autoscaling:TEST' as never }), 'ValidationError', /transitions/);
  await refused(put({ NotificationTargetARN: 'arn:aws:sns:us-east-1:123456789012:x' }), 'ValidationError', /imitate/);
  for (let hooks = 0; hooks < 50; hooks++) await put({ LifecycleHookName: `hook-${hooks}` });
  await refused(put({ LifecycleHookName: 'hook-50' }), 'LimitExceededFault', /at most 50/);
  await put({ LifecycleHookName: 'hook-49', HeartbeatTimeout: 30 });
  await removeGroup(aws, group);
});

test('deleting a hook completes what waits for it: launches are abandoned, leaving goes on', async () => {
  const { autoScaling } = aws.operator;
  const group = await hookedGroup(aws, [LAUNCH, TERMINATE], 1);
  const [id = ''] = await groupStates(aws, group, ['Pending:Wait']);
  const drop = (LifecycleHookName: string) =>
    autoScaling.send(new DeleteLifecycleHookCommand({ AutoScalingGroupName: group, LifecycleHookName }));
  await drop('launch');
  // The abandoned launch leaves through the terminate hook, and the next instance meets no launch hook.
  assert.equal((await groupStates(aws, group, ['Terminating:Wait', 'InService']))[0], id);
  await drop('terminate');
  assert.equal((await groupStates(aws, group, ['InService'])).includes(id), false);
  assert.equal(await aws.state(id), 'terminated');
  await removeGroup(aws, group);
});
