// SPDX-License-Identifier: Apache-2.0
/** What deleted stacks leave behind is found by tag, name and region together, and removed whole. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DescribeLogGroupsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetBucketLocationCommand,
  ListBucketsCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { bucketsLeft } from '../../deploy/leftovers/buckets.ts';
import { logGroupsLeft } from '../../deploy/leftovers/log-groups.ts';
import type { AwsClients } from '../../tools/aws-clients.ts';
import { LocalAws } from '../cloud/local-aws.ts';
import { clientsOf, deployer } from './support/account.ts';

let local: LocalAws;
let aws: AwsClients;

before(async () => {
  local = await LocalAws.start();
  aws = clientsOf(local, 'operator');
});

after(async () => {
  aws[Symbol.dispose]();
  await local.close();
});

async function makeBucket(
  Bucket: string,
  cluster: string | undefined,
  LocationConstraint?: 'eu-west-1',
): Promise<void> {
  const there = LocationConstraint === undefined ? {} : { CreateBucketConfiguration: { LocationConstraint } };
  using clients = clientsOf(local, 'operator', LocationConstraint ?? local.cloud.region);
  const { s3 } = clients;
  await s3.send(new CreateBucketCommand({ Bucket, ...there }));
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  if (cluster === undefined) return;
  const Tagging = { TagSet: [{ Key: 'zookeeper_cluster', Value: cluster }] };
  await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging }));
}

async function bucketNames(): Promise<readonly string[]> {
  const { Buckets = [] } = await aws.s3.send(new ListBucketsCommand({}));
  return Buckets.map(({ Name = '' }) => Name).sort();
}

async function makeLogGroup(logGroupName: string, cluster: string | undefined, streams: number): Promise<void> {
  const tags = cluster === undefined ? {} : { tags: { zookeeper_cluster: cluster } };
  await aws.logs.send(new CreateLogGroupCommand({ logGroupName, ...tags }));
  for (let at = 1; at <= streams; at += 1) {
    await aws.logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName: `${at}.1` }));
  }
}

test('buckets of this stack name, in this region, and no others', async () => {
  await makeBucket('orders-bucket-1', 'orders-4f1c2a90');
  await makeBucket('orders-bucket-2', 'orders-00000000');
  await makeBucket('orders-eu-bucket-1', 'orders-eu-4f1c2a90');
  await makeBucket('orders-bucket-untagged', undefined);
  await makeBucket('orders-bucket-elsewhere', 'orders-4f1c2a90', 'eu-west-1');
  await makeBucket('other-bucket', 'orders-4f1c2a90');
  for (const Key of ['a', 'b', 'c']) {
    await aws.s3.send(new PutObjectCommand({ Bucket: 'orders-bucket-1', Key, Body: 'x' }));
  }
  await aws.s3.send(new PutObjectCommand({ Bucket: 'orders-bucket-1', Key: 'a', Body: 'newer' }));
  await aws.s3.send(new DeleteObjectCommand({ Bucket: 'orders-bucket-1', Key: 'c' }));
  const found = await bucketsLeft(deployer(aws), 'orders');
  assert.deepEqual(
    found.map(({ name, cluster, holds }) => [name, cluster, holds]),
    [
      ['orders-bucket-1', 'orders-4f1c2a90', '2 objects and 2 older versions'],
      ['orders-bucket-2', 'orders-00000000', '0 objects'],
    ],
  );
});

test('from a region whose S3 does not even say where others are', async () => {
  await using ends = new AsyncDisposableStack();
  const ireland = await LocalAws.start({ region: 'eu-west-1' });
  ends.defer(() => ireland.close());
  const there = ends.use(clientsOf(ireland, 'operator'));
  const elsewhere = clientsOf(ireland, 'operator', 'us-west-2');
  ends.use(elsewhere);
  const made = { CreateBucketConfiguration: { LocationConstraint: 'us-west-2' } } as const;
  await elsewhere.s3.send(new CreateBucketCommand({ Bucket: 'orders-bucket-west', ...made }));
  const location = new GetBucketLocationCommand({ Bucket: 'orders-bucket-west' });
  assert.equal((await elsewhere.s3.send(location)).LocationConstraint, 'us-west-2');
  await assert.rejects(there.s3.send(location), { name: 'PermanentRedirect' });
  const own = { CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } } as const;
  await there.s3.send(new CreateBucketCommand({ Bucket: 'orders-bucket-own', ...own }));
  const Tagging = { TagSet: [{ Key: 'zookeeper_cluster', Value: 'orders-4f1c2a90' }] };
  await there.s3.send(new PutBucketTaggingCommand({ Bucket: 'orders-bucket-own', Tagging }));
  const found = await bucketsLeft(deployer(there), 'orders');
  assert.deepEqual(
    found.map(({ name }) => name),
    ['orders-bucket-own'],
  );
});

test('a bucket goes with all versions and deletion markers, and going again is no error', async () => {
  const [first] = await bucketsLeft(deployer(aws), 'orders');
  assert.equal(first?.name, 'orders-bucket-1');
  await first?.remove(deployer(aws));
  assert.deepEqual(await bucketNames(), [
    'orders-bucket-2',
    'orders-bucket-elsewhere',
    'orders-bucket-untagged',
    'orders-eu-bucket-1',
    'other-bucket',
  ]);
  await first?.remove(deployer(aws));
});

test('log groups of this stack name, whose name and tag agree', async () => {
  await makeLogGroup('/zookeeper/orders-4f1c2a90', 'orders-4f1c2a90', 3);
  await makeLogGroup('/zookeeper/orders-00000000', 'orders-00000000', 0);
  await makeLogGroup('/zookeeper/orders-11111111', undefined, 1);
  await makeLogGroup('/zookeeper/orders-22222222', 'orders-4f1c2a90', 1);
  await makeLogGroup('/zookeeper/orders-eu-4f1c2a90', 'orders-eu-4f1c2a90', 1);
  const found = await logGroupsLeft(deployer(aws), 'orders');
  assert.deepEqual(found.map(({ name, holds }) => [name, holds]).sort(), [
    ['/zookeeper/orders-00000000', '0 log streams'],
    ['/zookeeper/orders-4f1c2a90', '3 log streams'],
  ]);
  for (const leftover of found) await leftover.remove(deployer(aws));
  for (const leftover of found) await leftover.remove(deployer(aws));
  const { logGroups = [] } = await aws.logs.send(new DescribeLogGroupsCommand({}));
  assert.deepEqual(
    logGroups.map(({ logGroupName }) => logGroupName),
    ['/zookeeper/orders-11111111', '/zookeeper/orders-22222222', '/zookeeper/orders-eu-4f1c2a90'],
  );
});
