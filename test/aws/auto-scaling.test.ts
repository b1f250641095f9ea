// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type FakeAnswer, fakeAws, portsAt, queryError } from './support/fake-aws.ts';
import { LIMITED, MovedClock } from './support/moved-clock.ts';

const aws = await fakeAws();
after(() => aws[Symbol.asyncDispose]());
const { signal } = new AbortController();

function answers(...all: [FakeAnswer, ...FakeAnswer[]]): void {
  aws.answer((_, nth) => all[nth - 1] ?? all.at(-1) ?? all[0]);
}

function result(action: string, inner: string): FakeAnswer {
  const body = `<${action}Response><${action}Result>${inner}</${action}Result></${action}Response>`;
  return { headers: { 'content-type': 'text/xml' }, body };
}

function groups(inner: string): FakeAnswer {
  return result('DescribeAutoScalingGroups', `<AutoScalingGroups>${inner}</AutoScalingGroups>`);
}

function group(tags = ''): string {
  return `<member><AutoScalingGroupName>orders-group</AutoScalingGroupName><DesiredCapacity>3</DesiredCapacity>
    <MaxSize>5</MaxSize><Instances><member><InstanceId>i-1</InstanceId><LifecycleState>InService</LifecycleState></member>
    <member><InstanceId>i-2</InstanceId><LifecycleState>Terminating:Wait</LifecycleState></member></Instances>
    <SuspendedProcesses><member><ProcessName>AZRebalance</ProcessName></member></SuspendedProcesses>
    <Tags>${tags}</Tags></member>`;
}

function tag(key: string, value: string): string {
  return `<member><Key>${key}</Key><Value>${value}</Value></member>`;
}

test('the group of an instance; none is undefined', async () => {
  const { autoScaling } = await portsAt(aws.url);
  const list = (inner: string) =>
    result('DescribeAutoScalingInstances', `<AutoScalingInstances>${inner}</AutoScalingInstances>`);
  answers(
    list('<member><InstanceId>i-1</InstanceId><AutoScalingGroupName>orders-group</AutoScalingGroupName></member>'),
  );
  assert.equal(await autoScaling.groupOf('i-1', signal), 'orders-group');
  assert.equal(aws.requests[0]?.form.get('InstanceIds.member.1'), 'i-1');
  answers(list(''));
  assert.equal(await autoScaling.groupOf('i-1', signal), undefined);
  const { autoScaling: hurried } = await portsAt(aws.url, LIMITED, { clock: new MovedClock() });
  answers({ body: '<html/>' });
  await assert.rejects(hurried.groupOf('i-1', signal), { code: 'AWS_UNAVAILABLE' });
});

test('a group as it describes itself', async () => {
  const { autoScaling } = await portsAt(aws.url);
  answers(groups(group(tag('zookeeper_cluster', 'orders'))));
  assert.deepEqual(await autoScaling.describe('orders-group', signal), {
    name: 'orders-group',
    desired: 3,
    maximum: 5,
    instances: [
      { instance: 'i-1', lifecycleState: 'InService' },
      { instance: 'i-2', lifecycleState: 'Terminating:Wait' },
    ],
    maintenance: false,
    suspended: ['AZRebalance'],
  });
});

test('maintenance is on unless it is off beyond doubt', async () => {
  const { autoScaling } = await portsAt(aws.url);
  for (const [value, on] of [
    ['on', true],
    ['off', false],
    ['yes', true],
    ['', true],
  ] as const) {
    answers(groups(group(tag('zookeeper_maintenance', value))));
    assert.equal((await autoScaling.describe('orders-group', signal)).maintenance, on, value);
  }
});

test('a group that does not exist is an error, one that can be read only in part as well', async () => {
  const { autoScaling } = await portsAt(aws.url, LIMITED, { clock: new MovedClock() });
  answers(groups(''));
  await assert.rejects(autoScaling.describe('orders-group', signal), { code: 'NO_GROUP', message: /orders-group/ });
  const lacking = ['<DesiredCapacity>3</DesiredCapacity>', '<MaxSize>5</MaxSize>', '<InstanceId>i-1</InstanceId>'];
  for (const part of lacking) {
    answers(groups(group().replace(part, '')));
    await assert.rejects(autoScaling.describe('orders-group', signal), { code: 'AWS_UNAVAILABLE' }, part);
  }
});

test('setMaintenance writes the tag of the group', async () => {
  const { autoScaling } = await portsAt(aws.url);
  answers(queryError('ResourceContention'), result('CreateOrUpdateTags', ''));
  await autoScaling.setMaintenance('orders-group', true, signal);
  assert.equal(aws.requests.length, 2);
  const form = Object.fromEntries(aws.requests[1]?.form ?? []);
  assert.deepEqual(
    ['ResourceId', 'ResourceType', 'Key', 'Value', 'PropagateAtLaunch'].map((name) => form[`Tags.member.1.${name}`]),
    ['orders-group', 'auto-scaling-group', 'zookeeper_maintenance', 'on', 'false'],
  );
});

const OVER = queryError('ValidationError', 400, 'No active Lifecycle Action found with instance ID i-1');

test('completeHook answers the hook of an instance, and one that is over is no failure', async () => {
  const { autoScaling } = await portsAt(aws.url);
  answers(result('CompleteLifecycleAction', ''));
  await autoScaling.completeHook('orders-group', 'terminate', 'i-1', 'CONTINUE', signal);
  const form = Object.fromEntries(aws.requests[0]?.form ?? []);
  assert.equal(form.Action, 'CompleteLifecycleAction');
  assert.deepEqual(
    ['AutoScalingGroupName', 'LifecycleHookName', 'InstanceId', 'LifecycleActionResult'].map((name) => form[name]),
    ['orders-group', 'terminate', 'i-1', 'CONTINUE'],
  );
  answers(OVER);
  await autoScaling.completeHook('orders-group', 'terminate', 'i-1', 'ABANDON', signal);
  answers(queryError('ValidationError', 400, 'AutoScalingGroup name not found'));
  await assert.rejects(autoScaling.completeHook('orders-group', 'terminate', 'i-1', 'CONTINUE', signal), {
    code: 'AWS_REFUSED',
    message: /name not found/,
  });
});

test('a lost answer to completeHook is settled by the next attempt', async () => {
  const { autoScaling } = await portsAt(aws.url);
  answers('cut', OVER);
  await autoScaling.completeHook('orders-group', 'launch', 'i-1', 'CONTINUE', signal);
  assert.equal(aws.requests.length, 2);
});

test('a heartbeat is recorded, or comes too late', async () => {
  const { autoScaling } = await portsAt(aws.url);
  answers(result('RecordLifecycleActionHeartbeat', ''));
  assert.equal(await autoScaling.heartbeat('orders-group', 'launch', 'i-1', signal), 'recorded');
  assert.equal(aws.requests[0]?.form.get('LifecycleHookName'), 'launch');
  answers(OVER);
  assert.equal(await autoScaling.heartbeat('orders-group', 'launch', 'i-1', signal), 'over');
  answers(queryError('AccessDenied', 403));
  await assert.rejects(autoScaling.heartbeat('orders-group', 'launch', 'i-1', signal), { code: 'AWS_DENIED' });
});

test('the limit of a hook, whatever its timeout; a hook that is not there has none, and half an answer is none', async () => {
  const hooks = (inner: string) => result('DescribeLifecycleHooks', `<LifecycleHooks>${inner}</LifecycleHooks>`);
  const hook = (limit: string) => `<member><LifecycleHookName>launch</LifecycleHookName>${limit}</member>`;
  const { autoScaling } = await portsAt(aws.url);
  answers(hooks(hook('<HeartbeatTimeout>120</HeartbeatTimeout><GlobalTimeout>12000</GlobalTimeout>')));
  assert.equal(await autoScaling.hookLimitMs('orders-group', 'launch', signal), 12_000_000);
  const form = aws.requests[0]?.form;
  assert.equal(form?.get('AutoScalingGroupName'), 'orders-group');
  assert.equal(form?.get('LifecycleHookNames.member.1'), 'launch');
  answers(hooks(''));
  assert.equal(await autoScaling.hookLimitMs('orders-group', 'launch', signal), undefined);
  const { autoScaling: hurried } = await portsAt(aws.url, LIMITED, { clock: new MovedClock() });
  for (const answer of [hooks(hook('')), { body: '<html/>' }, 'cut'] as const) {
    answers(answer);
    await assert.rejects(hurried.hookLimitMs('orders-group', 'launch', signal), { code: 'AWS_UNAVAILABLE' });
  }
});
