// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  AttachNetworkInterfaceCommand,
  AttachVolumeCommand,
  CreateNetworkInterfaceCommand,
  CreateVolumeCommand,
  DeleteNetworkInterfaceCommand,
  DeleteVolumeCommand,
  DescribeAddressesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeVolumesCommand,
  DetachNetworkInterfaceCommand,
  DetachVolumeCommand,
  DisassociateAddressCommand,
  ReleaseAddressCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { LocalAws, refused, waitFor } from './local-aws.ts';

let aws: LocalAws;
let subnets: readonly string[];
before(async () => {
  // What the terminated hold stays theirs long enough to be looked at.
  aws = await LocalAws.start({ timings: { pendingMs: 50, shuttingDownMs: 50, detachMs: 1_000 } });
  subnets = await aws.subnets();
});
after(() => aws.close());

/** Running instances in the first zone. */
async function instances(count: number): Promise<readonly string[]> {
  return Promise.all(Array.from({ length: count }, () => running(subnets[0] ?? '')));
}

async function running(subnet: string): Promise<string> {
  const id = await aws.run(subnet);
  await waitFor(`${id} runs`, async () => (await aws.state(id)) === 'running');
  return id;
}

async function terminate(InstanceId: string): Promise<void> {
  await aws.operator.ec2.send(new TerminateInstancesCommand({ InstanceIds: [InstanceId] }));
  await waitFor(`the end of ${InstanceId}`, async () => (await aws.state(InstanceId)) === 'terminated');
}

async function volumeIn(zone: string): Promise<string> {
  const AvailabilityZone = `${aws.cloud.region}${zone}`;
  const made = await aws.operator.ec2.send(new CreateVolumeCommand({ AvailabilityZone, Size: 8, VolumeType: 'gp3' }));
  return made.VolumeId ?? '';
}

const attachVolume = (VolumeId: string, InstanceId: string, Device = '/dev/sdf') =>
  aws.operator.ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device }));

async function volume(VolumeId: string) {
  const { Volumes = [] } = await aws.operator.ec2.send(new DescribeVolumesCommand({ VolumeIds: [VolumeId] }));
  return { state: Volumes[0]?.State, holder: Volumes[0]?.Attachments?.[0]?.InstanceId };
}

async function interfaceIn(SubnetId: string): Promise<string> {
  const made = await aws.operator.ec2.send(new CreateNetworkInterfaceCommand({ SubnetId }));
  return made.NetworkInterface?.NetworkInterfaceId ?? '';
}

const attachInterface = (NetworkInterfaceId: string, InstanceId: string, DeviceIndex = 1) =>
  aws.operator.ec2.send(new AttachNetworkInterfaceCommand({ NetworkInterfaceId, InstanceId, DeviceIndex }));

async function card(NetworkInterfaceId: string) {
  const command = new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [NetworkInterfaceId] });
  const { NetworkInterfaces = [] } = await aws.operator.ec2.send(command);
  return { state: NetworkInterfaces[0]?.Status, holder: NetworkInterfaces[0]?.Attachment?.InstanceId };
}

async function address() {
  const made = await aws.operator.ec2.send(new AllocateAddressCommand({ Domain: 'vpc' }));
  return { AllocationId: made.AllocationId ?? '', PublicIp: made.PublicIp ?? '' };
}

const associate = (AllocationId: string, InstanceId: string, AllowReassociation?: boolean) =>
  aws.operator.ec2.send(new AssociateAddressCommand({ AllocationId, InstanceId, AllowReassociation }));

async function holderOfAddress(AllocationId: string): Promise<string | undefined> {
  const command = new DescribeAddressesCommand({ AllocationIds: [AllocationId] });
  const { Addresses = [] } = await aws.operator.ec2.send(command);
  return Addresses[0]?.InstanceId || undefined;
}

test('a volume has one holder, until it is detached', async () => {
  const [one = '', other = ''] = await instances(2);
  const id = await volumeIn('a');
  const attached = await attachVolume(id, one);
  assert.equal(attached.InstanceId, one);
  assert.deepEqual(await volume(id), { state: 'in-use', holder: one });
  await refused(attachVolume(id, other), 'VolumeInUse', new RegExp(`^${id} is already attached to an instance$`));
  await refused(attachVolume(id, one, '/dev/sdg'), 'VolumeInUse');
  await refused(aws.operator.ec2.send(new DeleteVolumeCommand({ VolumeId: id })), 'VolumeInUse');
  const mappings = (await aws.seen(one))?.BlockDeviceMappings?.map(({ DeviceName }) => DeviceName);
  assert.ok(mappings?.includes('/dev/sdf'));
  await refused(attachVolume(await volumeIn('a'), one), 'InvalidParameterValue', /\/dev\/sdf is already in use/);
  const detach = (InstanceId?: string) =>
    aws.operator.ec2.send(
      new DetachVolumeCommand({ VolumeId: id, ...(InstanceId === undefined ? {} : { InstanceId }) }),
    );
  await refused(detach(other), 'InvalidAttachment.NotFound');
  await detach();
  await refused(detach(), 'IncorrectState', /'available' state/);
  await attachVolume(id, other);
  assert.deepEqual(await volume(id), { state: 'in-use', holder: other });
});

test('of many who attach a volume at once, one gets it', async () => {
  const racers = await instances(4);
  const id = await volumeIn('a');
  const outcomes = await Promise.allSettled(racers.map((instance) => attachVolume(id, instance)));
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  const winner = racers[outcomes.findIndex(({ status }) => status === 'fulfilled')];
  assert.equal((await volume(id)).holder, winner);
});

test('a volume of another zone, or for an instance that does not run, is refused', async () => {
  const [here = ''] = await instances(1);
  const elsewhere = await volumeIn('b');
  await refused(attachVolume(elsewhere, here), 'InvalidVolume.ZoneMismatch', /not in the same availability zone/);
  const id = await volumeIn('a');
  await terminate(here);
  await refused(attachVolume(id, here), 'IncorrectState', /is not 'running'/);
  assert.deepEqual(await volume(id), { state: 'available', holder: undefined });
  await refused(attachVolume('vol-00000000', here), 'InvalidVolume.NotFound');
});

test('the volume of a terminated instance comes free a while after its end', async () => {
  const [one = '', other = ''] = await instances(2);
  const id = await volumeIn('a');
  await attachVolume(id, one);
  await terminate(one);
  assert.deepEqual(await volume(id), { state: 'in-use', holder: one });
  await refused(attachVolume(id, other), 'VolumeInUse');
  await refused(aws.operator.ec2.send(new DeleteVolumeCommand({ VolumeId: id })), 'VolumeInUse');
  const listed = async (name: string, value: string) => {
    const command = new DescribeVolumesCommand({ Filters: [{ Name: name, Values: [value] }] });
    const { Volumes = [] } = await aws.operator.ec2.send(command);
    return Volumes.some(({ VolumeId }) => VolumeId === id);
  };
  assert.equal(await listed('attachment.instance-id', one), true);
  assert.equal(await listed('status', 'available'), false);
  await waitFor('the volume is free', () => listed('status', 'available'));
  assert.equal(await listed('attachment.instance-id', one), false);
  await attachVolume(id, other);
  assert.equal((await volume(id)).holder, other);
});

test('a network interface has one holder, until it is detached', async () => {
  const [one = '', other = ''] = await instances(2);
  const id = await interfaceIn(subnets[0] ?? '');
  const { AttachmentId } = await attachInterface(id, one);
  assert.deepEqual(await card(id), { state: 'in-use', holder: one });
  assert.equal((await aws.seen(one))?.NetworkInterfaces?.length, 2);
  await refused(attachInterface(id, other), 'InvalidNetworkInterface.InUse', /in use/);
  await refused(attachInterface(id, one, 2), 'InvalidNetworkInterface.InUse');
  const remove = new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: id });
  await refused(aws.operator.ec2.send(remove), 'InvalidParameterValue', /currently in use/);
  const second = await interfaceIn(subnets[0] ?? '');
  await refused(attachInterface(second, one), 'InvalidParameterValue', /at device index '1'/);
  const elsewhere = await interfaceIn(subnets[1] ?? '');
  await refused(attachInterface(elsewhere, other), 'InvalidParameterCombination', /same availability zone/);
  await aws.operator.ec2.send(new DetachNetworkInterfaceCommand({ AttachmentId }));
  await attachInterface(id, other);
  assert.deepEqual(await card(id), { state: 'in-use', holder: other });
});

test('the network interface of a terminated instance comes free a while after its end', async () => {
  const [one = '', other = ''] = await instances(2);
  const id = await interfaceIn(subnets[0] ?? '');
  await attachInterface(id, one);
  await terminate(one);
  assert.deepEqual(await card(id), { state: 'in-use', holder: one });
  await refused(attachInterface(id, other), 'InvalidNetworkInterface.InUse');
  await refused(attachInterface(id, one), 'IncorrectState');
  await waitFor('the interface is free', async () => (await card(id)).state === 'available');
  await attachInterface(id, other);
  await terminate(other);
  await waitFor('the interface is free', async () => (await card(id)).state === 'available');
  await aws.operator.ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: id }));
});

test('an address is not taken from its holder with AllowReassociation=false, and silently without', async () => {
  const [one = '', other = ''] = await instances(2);
  const { AllocationId, PublicIp } = await address();
  const { AssociationId } = await associate(AllocationId, one, false);
  assert.equal(await holderOfAddress(AllocationId), one);
  await refused(
    associate(AllocationId, other, false),
    'Resource.AlreadyAssociated',
    new RegExp(`^resource ${AllocationId} is already associated with associate-id ${AssociationId}$`),
  );
  assert.equal((await associate(AllocationId, one, false)).AssociationId, AssociationId);
  const release = () => aws.operator.ec2.send(new ReleaseAddressCommand({ AllocationId }));
  await refused(release(), 'InvalidIPAddress.InUse', new RegExp(PublicIp));
  const moved = await associate(AllocationId, other);
  assert.equal(await holderOfAddress(AllocationId), other);
  // The instance gives back the address that it had.
  const second = await address();
  await associate(second.AllocationId, other, false);
  assert.equal(await holderOfAddress(AllocationId), undefined);
  assert.equal(await holderOfAddress(second.AllocationId), other);
  assert.notEqual(moved.AssociationId, AssociationId);
  await release();
});

test('of many who associate an address at once, one gets it', async () => {
  const racers = await instances(4);
  const { AllocationId } = await address();
  const outcomes = await Promise.allSettled(racers.map((instance) => associate(AllocationId, instance, false)));
  const winners = racers.filter((_, at) => outcomes[at]?.status === 'fulfilled');
  assert.deepEqual(winners, [await holderOfAddress(AllocationId)]);
});

test('the address of a terminated instance comes free a while after its end', async () => {
  const [one = '', other = ''] = await instances(2);
  const { AllocationId } = await address();
  await associate(AllocationId, one, false);
  await terminate(one);
  await refused(associate(AllocationId, other, false), 'Resource.AlreadyAssociated');
  await refused(associate(AllocationId, one, false), 'InvalidInstanceID', /terminated instance/);
  await waitFor('the address is free', () =>
    associate(AllocationId, other, false).then(
      () => true,
      () => false,
    ),
  );
  assert.equal(await holderOfAddress(AllocationId), other);
});

test('an address for an instance with several interfaces needs the interface', async () => {
  const [one = ''] = await instances(1);
  const id = await interfaceIn(subnets[0] ?? '');
  await attachInterface(id, one);
  const { AllocationId } = await address();
  await refused(associate(AllocationId, one), 'InvalidInstanceID', /multiple interfaces/);
  const { ec2 } = aws.operator;
  const { AssociationId } = await ec2.send(new AssociateAddressCommand({ AllocationId, NetworkInterfaceId: id }));
  const again = new AssociateAddressCommand({ AllocationId, InstanceId: one, NetworkInterfaceId: id });
  await refused(ec2.send(again), 'InvalidParameterCombination');
  await ec2.send(new DisassociateAddressCommand({ AssociationId }));
  await ec2.send(new ReleaseAddressCommand({ AllocationId }));
});
