// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  DescribeAutoScalingGroupsCommand,
  DescribeScalingActivitiesCommand,
  SetDesiredCapacityCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { scaleGroup } from '../../lab/daemon/scale.ts';
import { hookedGroup, removeGroup } from './hooked-group.ts';
import { LocalAws, refused, waitFor } from './local-aws.ts';

let aws: LocalAws;
before(async () => {
  aws = await LocalAws.start({ timings: { pendingMs: 20, shuttingDownMs: 20 } });
});
after(() => aws.close());

/** How many instances in service each zone has, by the zone's last letter. */
async function perZone(group: string): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const { AvailabilityZone = '', LifecycleState } of await aws.members(group)) {
    if (LifecycleState !== 'InService') continue;
    const letter = AvailabilityZone.slice(-1);
    counts[letter] = (counts[letter] ?? 0) + 1;
  }
  return counts;
}

async function distribution(group: string): Promise<string | undefined> {
  const command = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] });
  const { AutoScalingGroups = [] } = await aws.operator.autoScaling.send(command);
  return AutoScalingGroups[0]?.AvailabilityZoneDistribution?.CapacityDistributionStrategy;
}

async function failedLaunches(group: string): Promise<readonly string[]> {
  const command = new DescribeScalingActivitiesCommand({ AutoScalingGroupName: group });
  const { Activities = [] } = await aws.operator.autoScaling.send(command);
  return Activities.filter(({ StatusCode }) => StatusCode === 'Failed').map(({ StatusMessage = '' }) => StatusMessage);
}

test('a group that replaces one after the other, with one more meanwhile, stays spread over its zones', async () => {
  const group = await hookedGroup(aws, [], 3);
  const { autoScaling } = aws.operator;
  const old = await aws.inService(group, 3);
  for (const InstanceId of old) {
    await autoScaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: group, DesiredCapacity: 4 }));
    await aws.inService(group, 4);
    assert.deepEqual(Object.values(await perZone(group)).toSorted(), [1, 1, 2]);
    await autoScaling.send(
      new TerminateInstanceInAutoScalingGroupCommand({ InstanceId, ShouldDecrementDesiredCapacity: true }),
    );
    await aws.inService(group, 3);
    // Whoever takes a certain one leaves a gap, and the next launch fills it.
    const counts = await perZone(group);
    assert.ok(
      Object.values(counts).every((count) => count <= 2),
      JSON.stringify(counts),
    );
  }
  await autoScaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: group, DesiredCapacity: 6 }));
  await aws.inService(group, 6);
  assert.deepEqual(await perZone(group), { a: 2, b: 2, c: 2 });
  await removeGroup(aws, group);
});

test('a size outside of the limits is refused; the lab moves the limit first, and tells which', async () => {
  const group = await hookedGroup(aws, [], 3);
  const { autoScaling } = aws.operator;
  const limits = { AutoScalingGroupName: group, MinSize: 3, MaxSize: 4 };
  await autoScaling.send(new UpdateAutoScalingGroupCommand(limits));
  await refused(
    autoScaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: group, DesiredCapacity: 2 })),
    'ValidationError',
    /below min/,
  );
  assert.deepEqual(await scaleGroup(autoScaling, group, 2, 1), { group, minimum: { from: 3, to: 2 } });
  assert.deepEqual(await scaleGroup(autoScaling, group, 4, 1), { group });
  assert.deepEqual(await scaleGroup(autoScaling, group, 6, 1), { group, maximum: { from: 5, to: 7 } });
  await removeGroup(aws, group);
});

test('balanced-best-effort launches in another zone when one has no room', async () => {
  aws.cloud.setCapacity(`${aws.cloud.region}b`, false);
  const group = await hookedGroup(aws, [], 3);
  await aws.inService(group, 3);
  assert.deepEqual(await perZone(group), { a: 2, c: 1 });
  assert.equal(await distribution(group), 'balanced-best-effort');
  assert.match((await failedLaunches(group))[0] ?? '', /sufficient t3.small capacity in the Availability Zone .*b\)/);
  aws.cloud.setCapacity(`${aws.cloud.region}b`, true);
  await removeGroup(aws, group);
});

test('balanced-only goes on without the zone that has no room, and waits for it', async () => {
  aws.cloud.setCapacity(`${aws.cloud.region}a`, false);
  const AvailabilityZoneDistribution = { CapacityDistributionStrategy: 'balanced-only' } as const;
  const group = await hookedGroup(aws, [], 3, { AvailabilityZoneDistribution });
  await aws.inService(group, 2);
  await waitFor('a second attempt', async () => (await failedLaunches(group)).length > 1);
  assert.deepEqual(await perZone(group), { b: 1, c: 1 });
  assert.equal(await distribution(group), 'balanced-only');
  aws.cloud.setCapacity(`${aws.cloud.region}a`, true);
  await aws.inService(group, 3);
  assert.deepEqual(await perZone(group), { a: 1, b: 1, c: 1 });
  await aws.operator.autoScaling.send(
    new UpdateAutoScalingGroupCommand({
      AutoScalingGroupName: group,
      AvailabilityZoneDistribution: { CapacityDistributionStrategy: 'balanced-best-effort' },
    }),
  );
  assert.equal(await distribution(group), 'balanced-best-effort');
  await removeGroup(aws, group);
});

test('zones that the subnets are not in, and other strategies, are refused', async () => {
  const zones = { AvailabilityZones: ['us-east-1a', 'us-east-1b'] };
  await refused(hookedGroup(aws, [], 1, zones), 'ValidationError', /availability zones .* do not match/);
  const AvailabilityZoneDistribution = { CapacityDistributionStrategy: 'reservations-then-balanced' } as const;
  await refused(hookedGroup(aws, [], 1, { AvailabilityZoneDistribution }), 'ValidationError', /does not imitate/);
  const InstanceMaintenancePolicy = { MinHealthyPercentage: 100, MaxHealthyPercentage: 110 };
  await refused(hookedGroup(aws, [], 1, { InstanceMaintenancePolicy }), 'ValidationError', /does not imitate/);
});
