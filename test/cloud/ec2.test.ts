// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  CreateTagsCommand,
  DescribeInstanceAttributeCommand,
  DescribeInstancesCommand,
  DescribeSubnetsCommand,
  DescribeTagsCommand,
  RunInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { LocalAws, refused, waitFor } from './local-aws.ts';

let aws: LocalAws;
let late: LocalAws;
let subnet = '';
let lateSubnet = '';
before(async () => {
  [aws, late] = await Promise.all([
    LocalAws.start({ timings: { pendingMs: 1_500, shuttingDownMs: 1_500, remainsMs: 1_500 } }),
    LocalAws.start({ timings: { pendingMs: 0 }, lateVisibility: { instanceMs: 4_000, tagsMs: 4_000, seed: 7 } }),
  ]);
  [subnet = ''] = await aws.subnets();
  [lateSubnet = ''] = await late.subnets();
});
after(() => Promise.all([aws.close(), late.close()]));

async function terminate(cloud: LocalAws, id: string) {
  return cloud.operator.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
}

async function terminated(cloud: LocalAws): Promise<string> {
  const id = await cloud.run(cloud === aws ? subnet : lateSubnet);
  await terminate(cloud, id);
  await waitFor('terminated', async () => (await cloud.state(id)) === 'terminated');
  return id;
}

test('an instance is pending, running, shutting-down and terminated, each for a while', async () => {
  const states: (string | undefined)[] = [];
  let heard = 0;
  const stop = aws.cloud.onInstanceChange(() => {
    heard += 1;
  });
  const id = await aws.run(subnet);
  const next = async (state: string): Promise<void> => {
    states.push(await aws.state(id));
    await waitFor(state, async () => (await aws.state(id)) === state);
  };
  await next('running');
  const { TerminatingInstances = [] } = await terminate(aws, id);
  assert.equal(TerminatingInstances[0]?.PreviousState?.Name, 'running');
  assert.equal(TerminatingInstances[0]?.CurrentState?.Name, 'shutting-down');
  await next('terminated');
  assert.deepEqual(states, ['pending', 'shutting-down']);
  // A question in the very millisecond of a change is answered before its listeners hear of it.
  await waitFor('word of each of the four states', async () => heard >= 4);
  stop();
});

test('a terminated instance keeps its tags and address for a while, then loses them', async () => {
  const id = await aws.run(subnet, { zookeeper_cluster: 'remains' });
  await terminate(aws, id);
  const leaving = await aws.seen(id);
  assert.equal(leaving?.State?.Name, 'shutting-down');
  assert.match(leaving?.PrivateIpAddress ?? '', /^127\./);
  assert.equal(leaving?.Tags?.length, 1);
  await waitFor('the loss', async () => (await aws.seen(id))?.PrivateIpAddress === undefined);
  const remains = await aws.seen(id);
  assert.equal(remains?.State?.Name, 'terminated');
  assert.deepEqual([remains?.Tags ?? [], remains?.SubnetId, remains?.BlockDeviceMappings ?? []], [[], undefined, []]);
  const byTag = { Filters: [{ Name: 'tag:zookeeper_cluster', Values: ['remains'] }] };
  const { Reservations } = await aws.operator.ec2.send(new DescribeInstancesCommand(byTag));
  assert.equal(Reservations?.length ?? 0, 0);
  const { Tags } = await aws.operator.ec2.send(
    new DescribeTagsCommand({ Filters: [{ Name: 'resource-id', Values: [id] }] }),
  );
  assert.equal(Tags?.length ?? 0, 0);
});

test('the terminated are forgotten on demand, and no others', async () => {
  const id = await terminated(aws);
  const living = await aws.run(subnet);
  assert.throws(() => aws.cloud.forget(living), /not terminated/);
  assert.throws(() => aws.cloud.forget('i-00000000'), /no instance/);
  aws.cloud.forget(id);
  assert.equal(await aws.seen(id), undefined);
  const byId = new DescribeInstancesCommand({ InstanceIds: [id] });
  await refused(aws.operator.ec2.send(byId), 'InvalidInstanceID.NotFound', new RegExp(id));
  await refused(terminate(aws, id), 'InvalidInstanceID.NotFound');
});

test('one unknown id fails a call by ids, and not a filter', async () => {
  const id = await aws.run(subnet);
  const unknown = 'i-0123456789abcdef0';
  const { ec2 } = aws.operator;
  await refused(ec2.send(new DescribeInstancesCommand({ InstanceIds: [id, unknown] })), 'InvalidInstanceID.NotFound');
  await refused(ec2.send(new DescribeInstancesCommand({ InstanceIds: ['i-xyz'] })), 'InvalidInstanceID.Malformed');
  const Filters = [{ Name: 'instance-id', Values: [id, unknown, 'nonsense'] }];
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ Filters }));
  assert.deepEqual(
    Reservations.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId }) => InstanceId)),
    [id],
  );
  const tags = new CreateTagsCommand({ Resources: [unknown], Tags: [{ Key: 'a', Value: 'b' }] });
  await refused(ec2.send(tags), 'InvalidInstanceID.NotFound');
});

test('a young instance sees itself, others see it later, and its tags later still', async () => {
  const old = await late.run(lateSubnet);
  const young = await late.run(lateSubnet, { zookeeper_cluster: 'late' });
  assert.ok(await late.seen(young), 'the operator sees it');
  assert.equal((await late.seen(young, young))?.Tags?.length, 1, 'it sees itself, with its tags');
  assert.equal(await late.seen(young, old), undefined);
  const byId = new DescribeInstancesCommand({ InstanceIds: [young] });
  await refused(late.as(old).ec2.send(byId), 'InvalidInstanceID.NotFound');
  // How many tags another sees, time after time: −1 while it sees nothing at all.
  const seen: number[] = [];
  await waitFor('another sees its tags', async () => {
    const instance = await late.seen(young, old);
    const tags = instance === undefined ? -1 : (instance.Tags?.length ?? 0);
    if (seen.at(-1) !== tags) seen.push(tags);
    return tags === 1;
  });
  assert.deepEqual(seen, [-1, 0, 1]);
});

test('filters by tag, state, address and pattern; an unknown filter is refused', async () => {
  const id = await aws.run(subnet, { zookeeper_cluster: 'orders-4f1c2a90', other: 'x' });
  await waitFor('running', async () => (await aws.state(id)) === 'running');
  const address = (await aws.seen(id))?.PrivateIpAddress ?? '';
  const count = async (...filters: readonly [string, string][]): Promise<number> => {
    const Filters = filters.map(([Name, value]) => ({ Name, Values: [value] }));
    const { Reservations = [] } = await aws.operator.ec2.send(new DescribeInstancesCommand({ Filters }));
    return Reservations.length;
  };
  const cluster = ['tag:zookeeper_cluster', 'orders-4f1c2a90'] as const;
  assert.equal(await count([...cluster], ['instance-state-name', 'running']), 1);
  assert.equal(await count([...cluster], ['instance-state-name', 'pending']), 0);
  assert.equal(await count(['tag:zookeeper_cluster', 'orders-*']), 1);
  assert.equal(await count(['tag:zookeeper_cluster', 'orders-4f1c2a9?']), 1);
  assert.equal(await count(['tag:zookeeper_cluster', 'Orders-*']), 0);
  assert.equal(await count(['private-ip-address', address]), 1);
  assert.equal(await count(['private-ip-address', address.replaceAll('.', '?')]), 1);
  await refused(count(['instance-sate-name', 'running']), 'InvalidParameterValue', /instance-sate-name/);
});

test('pages of DescribeInstances', async () => {
  const Filters = [{ Name: 'tag:paged', Values: ['yes'] }];
  for (let at = 0; at < 7; at++) await aws.run(subnet, { paged: 'yes' });
  const { ec2 } = aws.operator;
  const first = await ec2.send(new DescribeInstancesCommand({ Filters, MaxResults: 5 }));
  assert.equal(first.Reservations?.length, 5);
  const NextToken = first.NextToken ?? '';
  const second = await ec2.send(new DescribeInstancesCommand({ Filters, MaxResults: 5, NextToken }));
  assert.equal(second.Reservations?.length, 2);
  assert.equal(second.NextToken, undefined);
  await refused(ec2.send(new DescribeInstancesCommand({ MaxResults: 4 })), 'InvalidParameterValue');
});

test('tags that EC2 would refuse', async () => {
  const id = await aws.run(subnet);
  const tag = (Key: string, Value: string) =>
    aws.operator.ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key, Value }] }));
  await tag('zookeeper_id', '7');
  assert.equal((await aws.seen(id))?.Tags?.find(({ Key }) => Key === 'zookeeper_id')?.Value, '7');
  const odd = ' <a href="x">&amp;</a> ü ';
  await tag('odd', odd);
  assert.equal((await aws.seen(id))?.Tags?.find(({ Key }) => Key === 'odd')?.Value, odd);
  await refused(tag('aws:mine', 'x'), 'InvalidParameterValue', /reserved/);
  await refused(tag('k'.repeat(128), 'x'), 'InvalidParameterValue');
  await refused(tag('long', 'v'.repeat(257)), 'InvalidParameterValue');
});

test('with its tags in the metadata service an instance has no tag with a blank or a slash in its key', async () => {
  const { ec2 } = aws.operator;
  const one = { ImageId: await aws.image(), MinCount: 1, MaxCount: 1, SubnetId: subnet };
  const launch = (Key: string, InstanceMetadataTags: 'enabled' | 'disabled') =>
    ec2.send(
      new RunInstancesCommand({
        ...one,
        MetadataOptions: { InstanceMetadataTags },
        TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key, Value: 'x' }] }],
      }),
    );
  await refused(launch('acme/team', 'enabled'), 'InvalidParameterValue', /not a valid tag key/);
  await refused(launch('cost center', 'enabled'), 'InvalidParameterValue', /not a valid tag key/);
  await launch('cost-center', 'enabled');
  await launch('acme/cost center', 'disabled');
});

test('RunInstances launches MaxCount; user data comes back; a stopped instance is stopped', async () => {
  const UserData = Buffer.from('#!/bin/sh\n').toString('base64');
  const { ec2 } = aws.operator;
  const many = { ImageId: await aws.image(), MinCount: 1, MaxCount: 3, SubnetId: subnet, UserData };
  const { Instances = [] } = await ec2.send(new RunInstancesCommand(many));
  assert.equal(Instances.length, 3);
  const InstanceId = Instances[2]?.InstanceId ?? '';
  const attribute = await ec2.send(new DescribeInstanceAttributeCommand({ InstanceId, Attribute: 'userData' }));
  assert.equal(attribute.UserData?.Value, UserData);
  await refused(ec2.send(new RunInstancesCommand({ ...many, ImageId: 'ami-00000000' })), 'InvalidAMIID.NotFound');
  await ec2.send(new StopInstancesCommand({ InstanceIds: [InstanceId] }));
  await waitFor('stopped', async () => (await aws.state(InstanceId)) === 'stopped');
});

test('without a subnet: a default one of the zone; a public address is the subnet’s setting or the call’s, and no stranger’s', async () => {
  const { ec2 } = aws.operator;
  const isDefault = [{ Name: 'default-for-az', Values: ['true'] }];
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ Filters: isDefault }));
  const inB = Subnets.find(({ AvailabilityZone }) => AvailabilityZone?.endsWith('b'));
  const one = { ImageId: await aws.image(), MinCount: 1, MaxCount: 1 };
  const card = (AssociatePublicIpAddress: boolean, SubnetId?: string) => ({
    NetworkInterfaces: [{ DeviceIndex: 0, AssociatePublicIpAddress, SubnetId }],
  });
  const launched = async (more: object) => {
    const { Instances = [] } = await ec2.send(new RunInstancesCommand({ ...one, ...more }));
    return (await aws.seen(Instances[0]?.InstanceId ?? '')) ?? assert.fail('It is not there.');
  };
  const given = await launched({ Placement: { AvailabilityZone: inB?.AvailabilityZone } });
  assert.equal(given.SubnetId, inB?.SubnetId);
  assert.ok(given.PublicIpAddress !== undefined);
  assert.equal(given.PublicIpAddress, given.PrivateIpAddress);
  const forbidden = await launched(card(false));
  assert.ok(Subnets.some(({ SubnetId }) => SubnetId === forbidden.SubnetId));
  assert.equal(forbidden.PublicIpAddress, undefined);
  const asked = await launched(card(true, subnet));
  assert.match(asked.PublicIpAddress ?? '', /^127\./);
  assert.equal((await launched({ SubnetId: subnet })).PublicIpAddress, undefined);
  await refused(
    ec2.send(new RunInstancesCommand({ ...one, Placement: { AvailabilityZone: 'us-east-9z' } })),
    'VPCIdNotSpecified',
  );
});
