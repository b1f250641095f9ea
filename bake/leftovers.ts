// SPDX-License-Identifier: Apache-2.0
/**
 * What a failed bake left in AWS. Packer removes what it made when it can. But it may have been killed, and it forgets
 * an image that it was still waiting for. The search uses what only this bake has: its tag and its names.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateTagsCommand,
  DeleteKeyPairCommand,
  DeleteSecurityGroupCommand,
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeKeyPairsCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { call } from '../deploy/aws.ts';
import type { CallFailure } from '../src/aws/aws-errors.ts';
import type { Ec2Access } from './look.ts';

export interface Traces {
  /** The value of the tag `bake`, and the name of the key pair. */
  readonly bakeId: string;
  readonly imageName: string;
  /** The name of Packer's security group, known once Packer has printed it. */
  readonly securityGroup?: string;
}

export interface Left {
  readonly kind: 'instance' | 'image' | 'snapshot' | 'security group' | 'key pair';
  readonly id: string;
}

/** All existing resources of this bake. Without the right to look this is an error, not an empty list. */
export async function leftovers(access: Ec2Access, traces: Traces): Promise<readonly Left[]> {
  const lists = await Promise.all([
    instances(access, traces),
    imagesAndSnapshots(access, traces),
    securityGroups(access, traces),
    keyPairs(access, traces),
  ]);
  return lists.flat();
}

interface RemovalWaits {
  readonly pollMs: number;
  readonly limitMs: number;
}

const WAITS: RemovalWaits = { pollMs: 3_000, limitMs: 300_000 };

/** Removes them, in an order that AWS accepts. Returns those that still exist at the end. */
export async function removeLeftovers(
  access: Ec2Access,
  traces: Traces,
  { pollMs, limitMs }: RemovalWaits = WAITS,
): Promise<readonly Left[]> {
  const until = Date.now() + limitMs;
  // A snapshot is in use until its image is gone. Without its image, the snapshot can no longer be found.
  const snapshots = new Map<string, Left>();
  for (;;) {
    const found = await leftovers(access, traces);
    for (const one of found) if (one.kind === 'snapshot') snapshots.set(one.id, one);
    const all = [...found.filter(({ kind }) => kind !== 'snapshot'), ...snapshots.values()];
    if (all.length === 0 || Date.now() > until) return all;
    for (const one of all) {
      if (one.kind === 'image' || one.kind === 'snapshot') await tag(access, one, traces.bakeId);
      const removed = await remove(access, one);
      if (removed) snapshots.delete(one.id);
    }
    await sleep(pollMs, undefined, { signal: access.signal });
  }
}

async function instances({ ec2, signal }: Ec2Access, { bakeId }: Traces): Promise<readonly Left[]> {
  const states = ['pending', 'running', 'shutting-down', 'stopping', 'stopped'];
  const Filters = [
    { Name: 'tag:bake', Values: [bakeId] },
    { Name: 'instance-state-name', Values: states },
  ];
  const { Reservations = [] } = await call('EC2 DescribeInstances', signal, (options) =>
    ec2.send(new DescribeInstancesCommand({ Filters }), options),
  );
  const found = Reservations.flatMap(({ Instances = [] }) => Instances);
  return found.flatMap(({ InstanceId }) => left('instance', InstanceId));
}

async function imagesAndSnapshots({ ec2, signal }: Ec2Access, traces: Traces): Promise<readonly Left[]> {
  const { bakeId, imageName } = traces;
  const named = new DescribeImagesCommand({ Owners: ['self'], Filters: [{ Name: 'name', Values: [imageName] }] });
  const tagged = new DescribeSnapshotsCommand({
    OwnerIds: ['self'],
    Filters: [{ Name: 'tag:bake', Values: [bakeId] }],
  });
  const [{ Images = [] }, { Snapshots = [] }] = await Promise.all([
    call('EC2 DescribeImages', signal, (options) => ec2.send(named, options)),
    call('EC2 DescribeSnapshots', signal, (options) => ec2.send(tagged, options)),
  ]);
  // Before an image is tagged, its snapshots can be found only through the image.
  const ofImages = Images.flatMap(({ BlockDeviceMappings = [] }) =>
    BlockDeviceMappings.flatMap(({ Ebs }) => Ebs?.SnapshotId ?? []),
  );
  const snapshots = new Set([...ofImages, ...Snapshots.flatMap(({ SnapshotId }) => SnapshotId ?? [])]);
  return [
    ...Images.flatMap(({ ImageId }) => left('image', ImageId)),
    ...[...snapshots].flatMap((id) => left('snapshot', id)),
  ];
}

async function securityGroups({ ec2, signal }: Ec2Access, { securityGroup }: Traces): Promise<readonly Left[]> {
  if (securityGroup === undefined) return [];
  const command = new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'group-name', Values: [securityGroup] }] });
  const { SecurityGroups = [] } = await call('EC2 DescribeSecurityGroups', signal, (options) =>
    ec2.send(command, options),
  );
  return SecurityGroups.flatMap(({ GroupId }) => left('security group', GroupId));
}

async function keyPairs({ ec2, signal }: Ec2Access, { bakeId }: Traces): Promise<readonly Left[]> {
  const command = new DescribeKeyPairsCommand({ Filters: [{ Name: 'key-name', Values: [bakeId] }] });
  const { KeyPairs = [] } = await call('EC2 DescribeKeyPairs', signal, (options) => ec2.send(command, options));
  return KeyPairs.flatMap(({ KeyName }) => left('key pair', KeyName));
}

function left(kind: Left['kind'], id: string | undefined): readonly Left[] {
  return id === undefined || id === '' ? [] : [{ kind, id }];
}

const LATER = new Set(['DependencyViolation', 'InvalidGroup.InUse', 'InvalidSnapshot.InUse', 'IncorrectInstanceState']);
const GONE = /^Invalid[A-Za-z]+\.(NotFound|Unavailable)$/;

/** Packer 1.6 tags an image last, and the builder's policy allows removal only of what has the tag of a bake. */
async function tag({ ec2, signal }: Ec2Access, { id }: Left, bakeId: string): Promise<void> {
  const command = new CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'bake', Value: bakeId }] });
  const gone = ({ code }: CallFailure) => (GONE.test(code) ? {} : undefined);
  await call<unknown>('EC2 CreateTags', signal, (options) => ec2.send(command, options), gone);
}

/** False when the resource is in use for now, as a security group is until its instance is gone. */
async function remove({ ec2, signal }: Ec2Access, { kind, id }: Left): Promise<boolean> {
  const inUse = {};
  const passes = ({ code }: CallFailure) => (LATER.has(code) ? inUse : GONE.test(code) ? {} : undefined);
  const carryOut = async (action: string, send: (options: { abortSignal: AbortSignal }) => Promise<unknown>) =>
    (await call<unknown>(`EC2 ${action}`, signal, send, passes)) !== inUse;
  switch (kind) {
    case 'instance':
      return carryOut('TerminateInstances', (to) => ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }), to));
    case 'image':
      return carryOut('DeregisterImage', (to) => ec2.send(new DeregisterImageCommand({ ImageId: id }), to));
    case 'snapshot':
      return carryOut('DeleteSnapshot', (to) => ec2.send(new DeleteSnapshotCommand({ SnapshotId: id }), to));
    case 'security group':
      return carryOut('DeleteSecurityGroup', (to) => ec2.send(new DeleteSecurityGroupCommand({ GroupId: id }), to));
    default:
      return carryOut('DeleteKeyPair', (to) => ec2.send(new DeleteKeyPairCommand({ KeyName: id }), to));
  }
}
