// SPDX-License-Identifier: Apache-2.0
/** What a bake asks of EC2 about images, beyond what moto knows. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  CreateImageCommand,
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
  ModifyImageAttributeCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { LocalAws, refused, waitFor } from './local-aws.ts';

let aws: LocalAws;
let subnet: string;

before(async () => {
  aws = await LocalAws.start();
  subnet = (await aws.subnets())[0] ?? '';
});
after(() => aws.close());

async function imageOf(instance: string, name: string, tags: Readonly<Record<string, string>> = {}): Promise<string> {
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const TagSpecifications =
    Tags.length === 0 ? [] : (['image', 'snapshot'] as const).map((ResourceType) => ({ ResourceType, Tags }));
  const command = new CreateImageCommand({ InstanceId: instance, Name: name, TagSpecifications });
  return (await aws.operator.ec2.send(command)).ImageId ?? '';
}

async function shown(ImageId: string) {
  return (await aws.operator.ec2.send(new DescribeImagesCommand({ ImageIds: [ImageId] }))).Images?.[0];
}

async function runEncrypted(): Promise<string> {
  const Ebs = { Encrypted: true, VolumeSize: 9, VolumeType: 'gp3', DeleteOnTermination: true } as const;
  const { Instances = [] } = await aws.operator.ec2.send(
    new RunInstancesCommand({
      ImageId: await aws.image(),
      InstanceType: 't3.small',
      MinCount: 1,
      MaxCount: 1,
      SubnetId: subnet,
      BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs }],
    }),
  );
  const id = Instances[0]?.InstanceId ?? '';
  await waitFor('running', async () => (await aws.state(id)) === 'running');
  return id;
}

test('an image of an encrypted volume is encrypted, one of another is not', async () => {
  const encrypted = await shown(await imageOf(await runEncrypted(), 'encrypted'));
  assert.equal(encrypted?.BlockDeviceMappings?.[0]?.Ebs?.Encrypted, true);
  assert.equal(encrypted?.BlockDeviceMappings?.[0]?.Ebs?.VolumeSize, 9);
  const open = await shown(await imageOf(await aws.run(subnet), 'open'));
  assert.notEqual(open?.BlockDeviceMappings?.[0]?.Ebs?.Encrypted, true);
});

test('a name is taken once in an account', async () => {
  const instance = await aws.run(subnet);
  await imageOf(instance, 'taken');
  await refused(imageOf(instance, 'taken'), 'InvalidAMIName.Duplicate', /AMI name taken is already in use by AMI ami-/);
});

test('tags of a new image and of its snapshot, given with the call', async () => {
  const id = await imageOf(await aws.run(subnet), 'tagged', { bake: 'b-1' });
  const image = await shown(id);
  assert.deepEqual(image?.Tags, [{ Key: 'bake', Value: 'b-1' }]);
  const Filters = [{ Name: 'tag:bake', Values: ['b-1'] }];
  const { Snapshots = [] } = await aws.operator.ec2.send(new DescribeSnapshotsCommand({ Filters }));
  assert.deepEqual(
    Snapshots.map(({ SnapshotId }) => SnapshotId),
    image?.BlockDeviceMappings?.map(({ Ebs }) => Ebs?.SnapshotId),
  );
});

test('ImdsSupport: v2.0 once and for all', async () => {
  const id = await imageOf(await aws.run(subnet), 'tokens');
  assert.equal((await shown(id))?.ImdsSupport, undefined);
  const modify = (ImageId: string, Value: string) =>
    aws.operator.ec2.send(new ModifyImageAttributeCommand({ ImageId, ImdsSupport: { Value } }));
  await refused(modify(id, 'v1.0'), 'InvalidParameterValue');
  await refused(modify('ami-0123456789abcdef0', 'v2.0'), 'InvalidAMIID.NotFound');
  await modify(id, 'v2.0');
  assert.equal((await shown(id))?.ImdsSupport, 'v2.0');
});

test('the filter root-device-type', async () => {
  const id = await imageOf(await aws.run(subnet), 'by-root');
  const named = { Name: 'name', Values: ['by-root'] };
  const found = async (type: string) => {
    const Filters = [named, { Name: 'root-device-type', Values: [type] }];
    const { Images = [] } = await aws.operator.ec2.send(new DescribeImagesCommand({ Filters }));
    return Images.map(({ ImageId }) => ImageId);
  };
  assert.deepEqual(await found('ebs'), [id]);
  assert.deepEqual(await found('instance-store'), []);
});
