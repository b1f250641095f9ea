// SPDX-License-Identifier: Apache-2.0
/**
 * Run in a lab's network namespace by lab-instances.test.ts: `'{"lab", "directory", "parts"}'`. Launches instances of
 * Debian's own image, and ends with the first thing that is not as on EC2.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateImageCommand,
  CreateKeyPairCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  RebootInstancesCommand,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { makeNetwork } from '../../lab/account.ts';
import { ContainerMachine } from '../../lab/hypervisor/container-machine.ts';
import { waitFor } from '../lab/support/wait-for.ts';
import { type InstancesPlan, startInstances } from './instances.ts';

const LIMIT_MS = 120_000;
const DEBIAN = '136693071363';
const MARK = '/var/lib/made-at-boot';
const USER_DATA = `#cloud-boothook\n#!/bin/sh\ndate +%s%N >>${MARK}\n`;

const plan = JSON.parse(process.argv[2] ?? '') as InstancesPlan;
await using ends = new AsyncDisposableStack();
const { cloud, hypervisor, reported } = await startInstances(plan, ends);
const { ec2 } = cloud.operator;
const network = await makeNetwork(cloud.operator, '10.77');
await ec2.send(new CreateKeyPairCommand({ KeyName: 'mine' }));

async function imageNamed(name: string): Promise<string> {
  const command = new DescribeImagesCommand({ Owners: [DEBIAN], Filters: [{ Name: 'name', Values: [name] }] });
  const { Images = [] } = await ec2.send(command);
  const newest = Images.toSorted((one, other) => ((one.CreationDate ?? '') < (other.CreationDate ?? '') ? 1 : -1))[0];
  assert.ok(newest?.ImageId, `there is an image ${name}`);
  return newest.ImageId;
}

async function launch(ImageId: string): Promise<string> {
  const { Instances = [] } = await ec2.send(
    new RunInstancesCommand({
      ImageId,
      InstanceType: 't3.small',
      MinCount: 1,
      MaxCount: 1,
      KeyName: 'mine',
      SubnetId: network.subnets[0],
      UserData: Buffer.from(USER_DATA).toString('base64'),
    }),
  );
  return Instances[0]?.InstanceId ?? '';
}

async function stateOf(instance: string): Promise<string | undefined> {
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [instance] }));
  return Reservations[0]?.Instances?.[0]?.State?.Name;
}

const until = (why: string, holds: () => unknown): Promise<unknown> =>
  waitFor(async () => ((await holds()) ? true : undefined), { limitMs: LIMIT_MS, why, pollMs: 200 });

function machineOf(instance: string): ContainerMachine {
  const machine = hypervisor.host(instance)?.machine;
  assert.ok(machine instanceof ContainerMachine, `${instance} has a machine`);
  return machine;
}

/** How often cloud-init ran the user data: once a boot. */
function boots(instance: string): number {
  const path = join(machineOf(instance).rootDirectory, MARK);
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').length : 0;
}

const filesOf = (instance: string, path: string): string =>
  readFileSync(join(machineOf(instance).rootDirectory, path), 'utf8');

// An instance boots Debian's image: cloud-init finds its metadata, its key and its user data.
const first = await launch(await imageNamed('debian-12-amd64-*'));
await until('the first boot ran the user data', () => hypervisor.host(first) !== undefined && boots(first) === 1);
await until('the key is there', () => filesOf(first, 'home/admin/.ssh/authorized_keys').includes('ssh-rsa'));
assert.match(filesOf(first, 'var/lib/cloud/data/instance-id'), new RegExp(first));

// A reboot keeps the disk; stop shuts down in order, and start boots the same disk again.
await ec2.send(new RebootInstancesCommand({ InstanceIds: [first] }));
await until('the reboot ran it again', () => boots(first) === 2);
await ec2.send(new StopInstancesCommand({ InstanceIds: [first] }));
assert.equal(await stateOf(first), 'stopping');
await until('it is stopped', async () => (await stateOf(first)) === 'stopped');
assert.equal(machineOf(first).state, 'off');
assert.equal(boots(first), 2, 'The disk stays.');
await ec2.send(new StartInstancesCommand({ InstanceIds: [first] }));
await until('the start ran it again', async () => (await stateOf(first)) === 'running' && boots(first) === 3);

// An image of it holds what it had; an instance of that boots it as its own.
await ec2.send(new StopInstancesCommand({ InstanceIds: [first] }));
await until('it is stopped', async () => (await stateOf(first)) === 'stopped');
const { ImageId = '' } = await ec2.send(new CreateImageCommand({ InstanceId: first, Name: 'mine' }));
await until('the image is available', async () => {
  const { Images = [] } = await ec2.send(new DescribeImagesCommand({ ImageIds: [ImageId] }));
  return Images[0]?.State === 'available';
});
const second = await launch(ImageId);
await until('an instance of the image ran it', () => hypervisor.host(second) !== undefined && boots(second) === 4);
assert.equal(boots(first), 3, 'What the one writes the other does not see.');

// Where this processor can't run an image, the instance has no machine, and that is said once.
const foreign = await launch(await imageNamed('debian-12-arm64-*'));
await until('it is said', () => reported.some((line) => line.includes(`${foreign} gets no machine`)));
assert.equal(hypervisor.host(foreign), undefined);
assert.equal(reported.filter((line) => line.includes(foreign)).length, 1);

// What is terminated is gone at once, its network too.
await ec2.send(new TerminateInstancesCommand({ InstanceIds: [first, second] }));
await until('both are gone', () => hypervisor.hosts.length === 0);
assert.deepEqual(
  readdirSync('/run/netns').filter((name) => name.startsWith(`zk-${plan.lab}.`)),
  [],
);
