// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  SetDesiredCapacityCommand,
  SetInstanceHealthCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { DescribeInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { completion, groupStates, hookedGroup, LAUNCH, removeGroup, TERMINATE } from './hooked-group.ts';
import { LocalAws, refused, waitFor } from './local-aws.ts';

let aws: LocalAws;
before(async () => {
  aws = await LocalAws.start({ timings: { pendingMs: 50, shuttingDownMs: 50 }, scalingTimings: { proceedMs: 50 } });
});
after(() => aws.close());

const complete = (group: string, hook: string, InstanceId: string, result = 'CONTINUE') =>
  aws.operator.autoScaling.send(completion(group, hook, { InstanceId }, result));

test('an instance terminated behind the back of its group still waits for its terminate hook', async () => {
  const group = await hookedGroup(aws, [TERMINATE], 1);
  const [id = ''] = await groupStates(aws, group, ['InService']);
  await aws.operator.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  // It counts no more, so the next one is there already.
  const [leftover] = await groupStates(aws, group, ['Terminating:Wait', 'InService']);
  assert.equal(leftover, id);
  await waitFor('the end of the instance', async () => (await aws.state(id)) === 'terminated');
  aws.cloud.forget(id);
  await groupStates(aws, group, ['Terminating:Wait', 'InService']);
  await complete(group, 'terminate', id);
  await groupStates(aws, group, ['InService']);
  await removeGroup(aws, group);
});

test('an instance that ends in Pending:Wait is left to its launch hook', async () => {
  const group = await hookedGroup(aws, [LAUNCH, TERMINATE], 1);
  const [id = ''] = await groupStates(aws, group, ['Pending:Wait']);
  await aws.operator.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  await waitFor('the end of the instance', async () => (await aws.state(id)) === 'terminated');
  assert.deepEqual(await groupStates(aws, group, ['Pending:Wait']), [id]);
  await complete(group, 'launch', id);
  // In service its health is checked, and it leaves.
  const [leaving] = await groupStates(aws, group, ['Terminating:Wait', 'Pending:Wait']);
  assert.equal(leaving, id);
  await removeGroup(aws, group);
});

test('an instance in Pending:Wait leaves through the terminate hook', async () => {
  const group = await hookedGroup(aws, [LAUNCH, TERMINATE], 2);
  const [one = ''] = await groupStates(aws, group, ['Pending:Wait', 'Pending:Wait']);
  const { autoScaling } = aws.operator;
  const { Activity } = await autoScaling.send(
    new TerminateInstanceInAutoScalingGroupCommand({ InstanceId: one, ShouldDecrementDesiredCapacity: true }),
  );
  assert.equal(Activity?.Description, `Terminating EC2 instance: ${one}`);
  const [leaving, other = ''] = await groupStates(aws, group, ['Terminating:Wait', 'Pending:Wait']);
  assert.equal(leaving, one);
  await refused(complete(group, 'launch', one), 'ValidationError', /No active Lifecycle Action/);
  const again = new TerminateInstanceInAutoScalingGroupCommand({
    InstanceId: one,
    ShouldDecrementDesiredCapacity: false,
  });
  await refused(autoScaling.send(again), 'ValidationError', /No managed instance found/);
  await complete(group, 'terminate', one);
  assert.deepEqual(await groupStates(aws, group, ['Pending:Wait']), [other]);
  await removeGroup(aws, group);
});

test('an instance marked unhealthy leaves through the terminate hook, once it is in service', async () => {
  const group = await hookedGroup(aws, [LAUNCH, TERMINATE], 1);
  const [id = ''] = await groupStates(aws, group, ['Pending:Wait']);
  const { autoScaling } = aws.operator;
  await autoScaling.send(
    new SetInstanceHealthCommand({ InstanceId: id, HealthStatus: 'Unhealthy', ShouldRespectGracePeriod: false }),
  );
  assert.deepEqual(await groupStates(aws, group, ['Pending:Wait']), [id]);
  await complete(group, 'launch', id);
  assert.equal((await groupStates(aws, group, ['Terminating:Wait', 'Pending:Wait']))[0], id);
  assert.equal(await aws.state(id), 'running');
  await removeGroup(aws, group);
});

test('the grace period protects from SetInstanceHealth unless the caller says otherwise', async () => {
  const group = await hookedGroup(aws, [], 1);
  const [id = ''] = await groupStates(aws, group, ['InService']);
  const { autoScaling } = aws.operator;
  await autoScaling.send(
    new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: group, HealthCheckGracePeriod: 300 }),
  );
  const unhealthy = { InstanceId: id, HealthStatus: 'Unhealthy' };
  await autoScaling.send(new SetInstanceHealthCommand(unhealthy));
  assert.equal((await aws.members(group))[0]?.HealthStatus, 'Healthy');
  await autoScaling.send(new SetInstanceHealthCommand({ ...unhealthy, ShouldRespectGracePeriod: false }));
  await waitFor('the replacement', async () => !(await groupStates(aws, group, ['InService'])).includes(id));
  await removeGroup(aws, group);
});

test('a group is deleted when the last of the leaving has left, or by force without asking the hooks', async () => {
  const { autoScaling } = aws.operator;
  const group = await hookedGroup(aws, [TERMINATE], 1);
  const [id = ''] = await groupStates(aws, group, ['InService']);
  const gently = () => autoScaling.send(new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: group }));
  await refused(gently(), 'ResourceInUseFault');
  await autoScaling.send(
    new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: group, MinSize: 0, MaxSize: 0, DesiredCapacity: 0 }),
  );
  await groupStates(aws, group, ['Terminating:Wait']);
  await refused(gently(), 'ScalingActivityInProgressFault');
  await complete(group, 'terminate', id);
  await groupStates(aws, group, []);
  await gently();

  const hasty = await hookedGroup(aws, [LAUNCH, TERMINATE], 2);
  const [one = '', other = ''] = await groupStates(aws, hasty, ['Pending:Wait', 'Pending:Wait']);
  await complete(hasty, 'launch', one);
  await groupStates(aws, hasty, ['InService', 'Pending:Wait']);
  await autoScaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: hasty, DesiredCapacity: 1 }));
  await waitFor('one waits to leave', async () =>
    (await aws.members(hasty)).some(({ LifecycleState }) => LifecycleState === 'Terminating:Wait'),
  );
  await removeGroup(aws, hasty);
  assert.deepEqual(await Promise.all([aws.state(one), aws.state(other)]), ['terminated', 'terminated']);
});

test('a group that is deleted while it launches leaves no instance behind', async () => {
  const group = await hookedGroup(aws, [LAUNCH], 3);
  await aws.operator.autoScaling.send(
    new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: group, ForceDelete: true }),
  );
  const ofGroup = { Name: 'tag:aws:autoscaling:groupName', Values: [group] };
  await waitFor('nothing runs any more', async () => {
    const described = await aws.operator.autoScaling.send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] }),
    );
    return described.AutoScalingGroups?.length === 0;
  });
  const alive = { Name: 'instance-state-name', Values: ['pending', 'running', 'shutting-down'] };
  // Looked at for a while, as a late launch would show up after the group is gone.
  for (let look = 0; look < 20; look++) {
    const { Reservations } = await aws.operator.ec2.send(new DescribeInstancesCommand({ Filters: [ofGroup, alive] }));
    assert.deepEqual(Reservations, []);
    await sleep(25);
  }
});
