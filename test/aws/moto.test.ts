// SPDX-License-Identifier: Apache-2.0
/** The adapters against moto: what a well-behaved AWS answers is read as it is meant. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import * as scaling from '@aws-sdk/client-auto-scaling';
import * as logs from '@aws-sdk/client-cloudwatch-logs';
import * as ec2 from '@aws-sdk/client-ec2';
import * as s3 from '@aws-sdk/client-s3';
import { startMoto } from '../../cloud/index.ts';
import { portsAt } from './support/fake-aws.ts';

const CLUSTER = 'orders-4f1c2a90';
const LOG_GROUP = `/zookeeper/${CLUSTER}`;
const BUCKET = 'orders-data';
const operator = {
  region: 'eu-central-1',
  credentials: { accessKeyId: 'operator', secretAccessKey: 'secret' },
  forcePathStyle: true,
};

const moto = await startMoto({ address: '127.0.0.1' });
after(() => moto.close());
// A real network and a busy machine: the limits are generous, and nothing here is about them.
const ports = await portsAt(moto.url, { timings: { awsTimeoutMs: 60_000, metadataTimeoutMs: 2_000 } });
const { signal } = new AbortController();
const ec2Client = new ec2.EC2Client(operator);

/** An instance always has a subnet of ours: without one moto gives it a random public address. */
async function subnet(): Promise<string> {
  const { Vpc } = await ec2Client.send(new ec2.CreateVpcCommand({ CidrBlock: '127.16.0.0/16' }));
  const input = { VpcId: Vpc?.VpcId, CidrBlock: '127.16.1.0/24', AvailabilityZone: 'eu-central-1a' };
  const { Subnet } = await ec2Client.send(new ec2.CreateSubnetCommand(input));
  assert.ok(Subnet?.SubnetId);
  return Subnet.SubnetId;
}

test('EC2: instances, their tags and their end', async () => {
  const SubnetId = await subnet();
  const { Instances } = await ec2Client.send(
    new ec2.RunInstancesCommand({
      ImageId: 'ami-12c6146b',
      InstanceType: 't3.micro',
      MinCount: 2,
      MaxCount: 2,
      NetworkInterfaces: [{ DeviceIndex: 0, SubnetId, AssociatePublicIpAddress: false }],
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'zookeeper_cluster', Value: CLUSTER }] }],
    }),
  );
  const [one, two] = (Instances ?? []).map(({ InstanceId }) => InstanceId ?? '');
  assert.ok(one && two);
  const unknown = 'i-0123456789abcdef0';

  const described = await ports.ec2.describe([one, two, unknown], signal);
  assert.deepEqual(described.map(({ instance }) => instance).sort(), [one, two].sort());
  for (const { address } of described) assert.match(address ?? '', /^127\.16\.1\./);
  assert.deepEqual(await ports.ec2.describe([unknown], signal), []);
  assert.equal((await ports.ec2.describeCluster(CLUSTER, signal)).length, 2);
  assert.deepEqual(await ports.ec2.describeCluster('another', signal), []);

  assert.equal(await ports.ec2.isForgotten(one, signal), false);
  assert.equal(await ports.ec2.isForgotten(unknown, signal), true);

  await ports.ec2.tag(one, { zookeeper_id: '1' }, signal);
  const { Tags } = await ec2Client.send(
    new ec2.DescribeTagsCommand({ Filters: [{ Name: 'resource-id', Values: [one] }] }),
  );
  assert.equal(Tags?.find(({ Key }) => Key === 'zookeeper_id')?.Value, '1');

  await ec2Client.send(new ec2.TerminateInstancesCommand({ InstanceIds: [two] }));
  assert.deepEqual(await ports.ec2.describe([two], signal), [{ instance: two, state: 'terminated' }]);
});

test('Auto Scaling: the group of an instance, and the group', async () => {
  const client = new scaling.AutoScalingClient(operator);
  const name = `${CLUSTER}-group`;
  await ec2Client.send(
    new ec2.CreateLaunchTemplateCommand({
      LaunchTemplateName: CLUSTER,
      LaunchTemplateData: { ImageId: 'ami-12c6146b', InstanceType: 't3.micro' },
    }),
  );
  await client.send(
    new scaling.CreateAutoScalingGroupCommand({
      AutoScalingGroupName: name,
      LaunchTemplate: { LaunchTemplateName: CLUSTER },
      MinSize: 0,
      MaxSize: 5,
      DesiredCapacity: 2,
      VPCZoneIdentifier: await subnet(),
    }),
  );
  const fact = await ports.autoScaling.describe(name, signal);
  assert.deepEqual(
    { ...fact, instances: fact.instances.map(({ lifecycleState }) => lifecycleState) },
    { name, desired: 2, maximum: 5, instances: ['InService', 'InService'], maintenance: false, suspended: [] },
  );
  assert.equal(await ports.autoScaling.groupOf(fact.instances[0]?.instance ?? '', signal), name);
  assert.equal(await ports.autoScaling.groupOf('i-0123456789abcdef0', signal), undefined);
  await ports.autoScaling.setMaintenance(name, true, signal);
  assert.equal((await ports.autoScaling.describe(name, signal)).maintenance, true);
  await ports.autoScaling.setMaintenance(name, false, signal);
  assert.equal((await ports.autoScaling.describe(name, signal)).maintenance, false);
  await assert.rejects(ports.autoScaling.describe('no-such-group', signal), { code: 'NO_GROUP' });
});

test('CloudWatch Logs: a stream is created once, and more than a page of them is listed', async () => {
  const client = new logs.CloudWatchLogsClient(operator);
  await assert.rejects(ports.claimStreams.list(signal), { code: 'BAD_SETTINGS' });
  await client.send(new logs.CreateLogGroupCommand({ logGroupName: LOG_GROUP }));
  assert.deepEqual(await ports.claimStreams.list(signal), []);
  const names = Array.from({ length: 53 }, (_, n) => `${n + 1}.1`);
  for (const name of names) assert.equal(await ports.claimStreams.create(name, signal), 'created');
  assert.equal(await ports.claimStreams.create('7.1', signal), 'exists');
  const listed = await ports.claimStreams.list(signal);
  assert.deepEqual(listed.map(({ name }) => name).sort(), names.toSorted());
  for (const { ageMs } of listed) assert.ok(ageMs >= 0 && ageMs < 3_600_000, `${ageMs}`);
});

test('CloudWatch Logs: of ten who want one stream at once, one makes it', async () => {
  const all = await Promise.all(Array.from({ length: 10 }, () => portsAt(moto.url)));
  const results = await Promise.all(all.map(({ claimStreams }) => claimStreams.create('200.1', signal)));
  assert.equal(results.filter((result) => result === 'created').length, 1);
  assert.equal(results.filter((result) => result === 'exists').length, 9);
});

test('S3: written once, read back, replaced, listed, deleted', async () => {
  const client = new s3.S3Client(operator);
  const { objects } = ports;
  await assert.rejects(objects.get('a', signal), { code: 'BAD_SETTINGS' });
  await client.send(
    new s3.CreateBucketCommand({
      Bucket: BUCKET,
      CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
    }),
  );
  assert.equal(await objects.get('claims/1.1.json', signal), undefined);
  assert.deepEqual(await objects.list('claims/', signal), []);
  assert.equal(await objects.createOnce('claims/1.1.json', '{"a":"ä"}', signal), 'created');
  assert.equal(await objects.createOnce('claims/1.1.json', '{"b":2}', signal), 'exists');
  const found = await objects.get('claims/1.1.json', signal);
  assert.equal(found?.body, '{"a":"ä"}');
  assert.ok(found.ageMs >= 0 && found.ageMs < 3_600_000);
  const { Body } = await client.send(new s3.GetObjectCommand({ Bucket: BUCKET, Key: `${CLUSTER}/claims/1.1.json` }));
  assert.equal(await Body?.transformToString(), '{"a":"ä"}');

  assert.equal(await objects.replace('reports/i-1.json', '{"n":1}', undefined, signal), 'written');
  assert.equal(await objects.replace('reports/i-1.json', '{"n":2}', undefined, signal), 'conflict');
  const report = await objects.get('reports/i-1.json', signal);
  assert.equal(await objects.replace('reports/i-1.json', '{"n":3}', report?.etag, signal), 'written');
  assert.equal((await objects.get('reports/i-1.json', signal))?.body, '{"n":3}');

  assert.equal(await objects.replace('reports/i-1.json', '{"n":4}', report?.etag, signal), 'conflict');
  assert.equal((await objects.get('reports/i-1.json', signal))?.body, '{"n":3}');

  const keys = await objects.list('', signal);
  const listed = keys.find(({ key }) => key === 'reports/i-1.json');
  assert.equal(listed?.etag, (await objects.get('reports/i-1.json', signal))?.etag, 'the list gives the same etag');
  assert.deepEqual(
    keys.map(({ key }) => key),
    ['claims/1.1.json', 'reports/i-1.json'],
  );
});

test('S3: of ten who create one key at once, one does', async () => {
  const all = await Promise.all(Array.from({ length: 10 }, () => portsAt(moto.url)));
  const results = await Promise.all(all.map(({ objects }, n) => objects.createOnce('race', `{"by":${n}}`, signal)));
  assert.equal(results.filter((result) => result === 'created').length, 1);
  const winner = results.indexOf('created');
  assert.equal((await ports.objects.get('race', signal))?.body, `{"by":${winner}}`);
});
