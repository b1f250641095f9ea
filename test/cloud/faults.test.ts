// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DescribeLogStreamsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { CreateTagsCommand, DescribeInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import type { FaultKind } from '../../cloud/faults.ts';
import { LocalAws, refused, waitFor } from './local-aws.ts';

const LOG_GROUP = '/zookeeper/faults';
const BUCKET = 'faults';
/** A call on a busy machine may take so long. */
const MARGIN_MS = 2_000;

let aws: LocalAws;
let subnet = '';
before(async () => {
  aws = await LocalAws.start({ timings: { pendingMs: 0, shuttingDownMs: 0 } });
  [subnet = ''] = await aws.subnets();
  await aws.operator.logs.send(new CreateLogGroupCommand({ logGroupName: LOG_GROUP }));
  await aws.operator.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
});
after(() => aws.close());
beforeEach(() => aws.cloud.faults.clear());

const listInstances = (caller = 'operator') => aws.as(caller).ec2.send(new DescribeInstancesCommand({}));
const listGroups = () => aws.operator.autoScaling.send(new DescribeAutoScalingGroupsCommand({}));
const listStreams = () => aws.operator.logs.send(new DescribeLogStreamsCommand({ logGroupName: LOG_GROUP }));
const listObjects = () => aws.operator.s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
const createStream = (logStreamName: string) =>
  aws.operator.logs.send(new CreateLogStreamCommand({ logGroupName: LOG_GROUP, logStreamName }));

test('throttle: each service has an error of its own for it', async () => {
  aws.cloud.faults.add({ kind: 'throttle' });
  await refused(listInstances(), 'RequestLimitExceeded');
  await refused(listGroups(), 'Throttling');
  await refused(listStreams(), 'ThrottlingException');
  await refused(listObjects(), 'SlowDown');
  aws.cloud.faults.clear();
  await Promise.all([listInstances(), listGroups(), listStreams(), listObjects()]);
});

test('error: 500 and 503 in turn', async () => {
  aws.cloud.faults.add({ kind: 'error' });
  const statuses: (number | undefined)[] = [];
  for (let at = 0; at < 2; at++) {
    await assert.rejects(listInstances(), (error: { $metadata?: { httpStatusCode?: number } }) => {
      statuses.push(error.$metadata?.httpStatusCode);
      return true;
    });
  }
  assert.deepEqual(statuses, [500, 503]);
});

test('slow: the answer is right, and late', async () => {
  aws.cloud.faults.add({ kind: 'slow', delayMs: 400, count: 1 });
  const started = performance.now();
  await listInstances();
  assert.ok(performance.now() - started >= 390);
});

test('empty: a list finds nothing, a write is done', async () => {
  await aws.run(subnet);
  await createStream('1.1');
  await aws.operator.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'a', Body: 'x' }));
  aws.cloud.faults.add({ kind: 'empty' });
  assert.equal((await listInstances()).Reservations?.length ?? 0, 0);
  assert.deepEqual((await listGroups()).AutoScalingGroups, []);
  assert.deepEqual((await listStreams()).logStreams, []);
  const objects = await listObjects();
  assert.deepEqual([objects.Contents ?? [], objects.KeyCount, objects.IsTruncated], [[], 0, false]);
  await createStream('2.1');
  aws.cloud.faults.clear();
  assert.equal((await listStreams()).logStreams?.length, 2);
  assert.equal((await listObjects()).KeyCount, 1);
});

test('lose-answer: the call is done, its answer never comes', async () => {
  aws.cloud.faults.add({ kind: 'lose-answer', service: 'logs', action: 'CreateLogStream', count: 1 });
  await assert.rejects(createStream('3.1'), /socket hang up|ECONNRESET/);
  const [lost] = aws.cloud.calls.list({ action: 'CreateLogStream', outcome: 'cut' });
  assert.equal(lost?.caller, 'operator');
  await refused(createStream('3.1'), 'ResourceAlreadyExistsException');
});

test('outage: nothing is done and nobody is answered', async () => {
  aws.cloud.faults.add({ kind: 'outage' });
  await assert.rejects(createStream('4.1'));
  await assert.rejects(listInstances());
  await assert.rejects(listObjects());
  aws.cloud.faults.clear();
  await createStream('4.1');
});

test('stale: EC2 describes instances as they were', async () => {
  const id = await aws.run(subnet);
  await aws.operator.ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'first', Value: 'x' }] }));
  await sleep(2 * MARGIN_MS);
  const tagged = Date.now();
  await aws.operator.ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'second', Value: 'x' }] }));
  await aws.operator.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  assert.equal(await aws.state(id), 'terminated');
  const fault = aws.cloud.faults.add({ kind: 'stale', delayMs: Date.now() - tagged + MARGIN_MS });
  const seen = await aws.seen(id);
  assert.equal(seen?.State?.Name, 'running');
  assert.equal(
    seen?.Tags?.some(({ Key }) => Key === 'first'),
    true,
  );
  assert.equal(
    seen?.Tags?.some(({ Key }) => Key === 'second'),
    false,
  );
  assert.match(seen?.PrivateIpAddress ?? '', /^127\./);
  aws.cloud.faults.clear(fault);
  assert.equal(await aws.state(id), 'terminated');
});

test('stale: Auto Scaling describes a group as it was', async () => {
  const group = await aws.group([subnet], 1);
  const [id = ''] = await aws.inService(group, 1);
  await sleep(2 * MARGIN_MS);
  const steady = Date.now();
  await aws.operator.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  await waitFor('the replacement', async () => !(await aws.inService(group, 1)).includes(id));
  const delayMs = Date.now() - steady + MARGIN_MS;
  aws.cloud.faults.add({ kind: 'stale', service: 'autoscaling', delayMs });
  assert.deepEqual(
    (await aws.members(group)).map(({ InstanceId }) => InstanceId),
    [id],
  );
  aws.cloud.faults.clear();
  assert.notDeepEqual(
    (await aws.members(group)).map(({ InstanceId }) => InstanceId),
    [id],
  );
});

test('a fault strikes the service, action and caller it names, so often and so long', async () => {
  const id = await aws.run(subnet);
  const { faults } = aws.cloud;
  faults.add({ kind: 'throttle', caller: id });
  await listInstances();
  await refused(listInstances(id), 'RequestLimitExceeded');
  faults.clear();
  faults.add({ kind: 'throttle', service: 'ec2', action: 'DescribeInstances', count: 2 });
  await listGroups();
  await refused(listInstances(), 'RequestLimitExceeded');
  assert.equal(faults.list()[0]?.struck, 1);
  await refused(listInstances(), 'RequestLimitExceeded');
  assert.deepEqual(faults.list(), []);
  await listInstances();
  faults.add({ kind: 'outage', seconds: 3 });
  await assert.rejects(listInstances());
  await waitFor('the end of the outage', () =>
    listInstances().then(
      () => true,
      () => false,
    ),
  );
});

test("the lab's own looks are not struck, and use no fault up", async () => {
  aws.cloud.faults.add({ kind: 'outage', count: 1 });
  await listInstances('lab');
  await assert.rejects(listInstances());
});

test('a fault that means nothing is refused', () => {
  const { faults } = aws.cloud;
  assert.throws(() => faults.add({ kind: 'trottle' as FaultKind }), /no fault trottle; there are throttle,/);
  assert.throws(() => faults.add({ kind: 'slow', count: 0 }), /above 0/);
  assert.throws(() => faults.add({ kind: 'slow', seconds: -1 }), /more than 0/);
});
