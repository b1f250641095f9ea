// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import {
  CopyImageCommand,
  CreateImageCommand,
  DescribeImagesCommand,
  RebootInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { Machines } from '../../cloud/ec2/machines.ts';
import { LocalAws, refused, waitFor } from './local-aws.ts';

let aws: LocalAws;
let subnet: string;

before(async () => {
  aws = await LocalAws.start();
  subnet = (await aws.subnets())[0] ?? '';
});
after(() => aws.close());
afterEach(() => aws.cloud.serve(NO_MACHINES));

const NO_MACHINES: Machines = {
  shutDown: async () => {},
  reboot: async () => {},
  capture: async () => {},
  copy: async () => {},
};

const { promise: never } = Promise.withResolvers<void>();

async function running(): Promise<string> {
  const id = await aws.run(subnet);
  await waitFor('running', async () => (await aws.state(id)) === 'running');
  return id;
}

const stop = (id: string) => aws.operator.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
const start = (id: string) => aws.operator.ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));

async function image(ImageId: string) {
  const { Images = [] } = await aws.operator.ec2.send(new DescribeImagesCommand({ ImageIds: [ImageId] }));
  return Images[0];
}

test('an instance is stopping until its machine is off; started, it is pending, then running', async () => {
  const off = Promise.withResolvers<void>();
  const asked: string[] = [];
  aws.cloud.serve({
    ...NO_MACHINES,
    shutDown: (instance) => {
      asked.push(instance);
      return off.promise;
    },
  });
  const id = await running();
  const { StoppingInstances = [] } = await stop(id);
  assert.equal(StoppingInstances[0]?.PreviousState?.Name, 'running');
  assert.equal(StoppingInstances[0]?.CurrentState?.Name, 'stopping');
  assert.equal(await aws.state(id), 'stopping');
  await stop(id);
  assert.deepEqual(asked, [id], 'A second call asks for nothing new.');
  await refused(start(id), 'IncorrectInstanceState');
  off.resolve();
  await waitFor('stopped', async () => (await aws.state(id)) === 'stopped');
  await start(id);
  assert.equal(await aws.state(id), 'pending');
  await waitFor('running again', async () => (await aws.state(id)) === 'running');
});

test('a machine that could not be shut down is off all the same', async () => {
  aws.cloud.serve({ ...NO_MACHINES, shutDown: () => Promise.reject(new Error('it hangs')) });
  const id = await running();
  await stop(id);
  await waitFor('stopped', async () => (await aws.state(id)) === 'stopped');
});

test('a reboot reaches the machine, and only that of a running instance', async () => {
  const rebooted: string[] = [];
  aws.cloud.serve({
    ...NO_MACHINES,
    reboot: async (instance) => {
      rebooted.push(instance);
    },
  });
  const id = await running();
  await aws.operator.ec2.send(new RebootInstancesCommand({ InstanceIds: [id] }));
  assert.deepEqual(rebooted, [id]);
  await stop(id);
  await waitFor('stopped', async () => (await aws.state(id)) === 'stopped');
  await refused(aws.operator.ec2.send(new RebootInstancesCommand({ InstanceIds: [id] })), 'IncorrectInstanceState');
});

test('an image of a stopped instance is pending until its disk is kept, and has the root device of its source', async () => {
  const kept = Promise.withResolvers<void>();
  const captured: string[] = [];
  aws.cloud.serve({
    ...NO_MACHINES,
    capture: (...of) => {
      captured.push(of.join(' '));
      return kept.promise;
    },
  });
  const id = await running();
  const create = () => aws.operator.ec2.send(new CreateImageCommand({ InstanceId: id, Name: aws.name('image') }));
  await refused(create(), 'IncorrectInstanceState', /stopped instances only/);
  await stop(id);
  await waitFor('stopped', async () => (await aws.state(id)) === 'stopped');
  const { ImageId = '' } = await create();
  assert.deepEqual(captured, [`${id} ${ImageId}`]);
  assert.equal((await image(ImageId))?.State, 'pending');
  kept.resolve();
  await waitFor('available', async () => (await image(ImageId))?.State === 'available');
  const [made, source] = await Promise.all([image(ImageId), image(await aws.image())]);
  assert.equal(made?.RootDeviceName, source?.RootDeviceName);
  assert.equal(made?.BlockDeviceMappings?.[0]?.DeviceName, source?.RootDeviceName);
  assert.notEqual(made?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId, source?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId);
});

test('an image whose disk could not be kept has failed', async () => {
  aws.cloud.serve({ ...NO_MACHINES, capture: () => Promise.reject(new Error('the disk is full')) });
  const id = await running();
  await stop(id);
  await waitFor('stopped', async () => (await aws.state(id)) === 'stopped');
  const command = new CreateImageCommand({ InstanceId: id, Name: aws.name('image') });
  const { ImageId = '' } = await aws.operator.ec2.send(command);
  await waitFor('failed', async () => (await image(ImageId))?.State === 'failed');
});

test('a copy of an image has its disk', async () => {
  const copies: string[] = [];
  aws.cloud.serve({
    ...NO_MACHINES,
    copy: async (...of) => {
      copies.push(of.join(' '));
    },
  });
  const SourceImageId = await aws.image();
  const { ImageId = '' } = await aws.operator.ec2.send(
    new CopyImageCommand({ SourceImageId, SourceRegion: aws.cloud.region, Name: aws.name('copy') }),
  );
  assert.deepEqual(copies, [`${SourceImageId} ${ImageId}`]);
  await waitFor('available', async () => (await image(ImageId))?.State === 'available');
});

test('an instance whose machine never goes off stays stopping, and can be terminated', async () => {
  aws.cloud.serve({ ...NO_MACHINES, shutDown: () => never });
  const id = await running();
  await stop(id);
  assert.equal(await aws.state(id), 'stopping');
  await aws.operator.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  await waitFor('terminated', async () => (await aws.state(id)) === 'terminated');
});
