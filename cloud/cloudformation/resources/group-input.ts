// SPDX-License-Identifier: Apache-2.0
import { type Struct, structAt, structsAt, textAt, textsAt } from '../../value.ts';
import type { ResourceContext } from './handler.ts';

/** The minimum, maximum and desired capacity of a group. */
export interface Sizes {
  readonly minimum: number;
  readonly maximum: number;
  readonly desired: number;
}

export function sizesOf(properties: Struct): Sizes {
  const minimum = numberOf(properties, 'MinSize') ?? 0;
  return {
    minimum,
    maximum: numberOf(properties, 'MaxSize') ?? minimum,
    desired: numberOf(properties, 'DesiredCapacity') ?? minimum,
  };
}

export function sizeInput({ minimum, maximum, desired }: Sizes): Struct {
  return { MinSize: minimum, MaxSize: maximum, DesiredCapacity: desired };
}

/** In a template, sizes can be texts or numbers. */
function numberOf(properties: Struct, name: string): number | undefined {
  const value = properties[name];
  return value === undefined ? undefined : Number(value);
}

/**
 * The properties of a group for both create and update, in the form of the Auto Scaling API, without sizes and tags.
 */
export function groupInput(properties: Struct): Struct {
  const subnets = textsAt(properties, 'VPCZoneIdentifier');
  const cooldown = numberOf(properties, 'Cooldown');
  const same = [
    'AvailabilityZoneDistribution',
    'CapacityRebalance',
    'HealthCheckGracePeriod',
    'HealthCheckType',
    'LaunchTemplate',
    'NewInstancesProtectedFromScaleIn',
    'TerminationPolicies',
  ];
  return {
    ...Object.fromEntries(
      same.flatMap((name) => {
        const value = properties[name];
        return value === undefined ? [] : [[name, value]];
      }),
    ),
    ...(subnets.length === 0 ? {} : { VPCZoneIdentifier: subnets.join(',') }),
    ...(cooldown === undefined ? {} : { DefaultCooldown: cooldown }),
  };
}

/** The group's own tags, and those of the stack; the instances get both. */
export function groupTags(context: ResourceContext, properties: Struct, name: string): readonly Struct[] {
  const own = structsAt(properties, 'Tags');
  const inherited = context.tags
    .filter(({ key }) => !own.some((tag) => textAt(tag, 'Key') === key))
    .map(({ key, value }) => ({ Key: key, Value: value, PropagateAtLaunch: true }));
  return [...inherited, ...own].map((tag) => ({
    ResourceId: name,
    ResourceType: 'auto-scaling-group',
    Key: textAt(tag, 'Key') ?? '',
    Value: String(tag.Value ?? ''),
    PropagateAtLaunch: tag.PropagateAtLaunch === true,
  }));
}

/** An instance of a group as DescribeAutoScalingGroups shows it. */
export interface SeenMember {
  readonly instance: string;
  readonly lifecycleState: string;
  readonly templateId: string;
  readonly templateVersion: string;
  readonly zone: string;
}

export interface SeenGroup {
  readonly sizes: Sizes;
  readonly members: readonly SeenMember[];
  readonly suspended: readonly string[];
  readonly tags: readonly Struct[];
}

/** Undefined when there is no such group. */
export async function seeGroup(context: ResourceContext, name: string): Promise<SeenGroup | undefined> {
  const answer = await context.call('autoscaling', 'DescribeAutoScalingGroups', { AutoScalingGroupNames: [name] });
  const [group] = structsAt(answer, 'AutoScalingGroups');
  if (group === undefined) return undefined;
  return {
    sizes: sizesOf(group),
    members: structsAt(group, 'Instances').map((member) => ({
      instance: textAt(member, 'InstanceId') ?? '',
      lifecycleState: textAt(member, 'LifecycleState') ?? '',
      templateId: textAt(structAt(member, 'LaunchTemplate'), 'LaunchTemplateId') ?? '',
      templateVersion: textAt(structAt(member, 'LaunchTemplate'), 'Version') ?? '',
      zone: textAt(member, 'AvailabilityZone') ?? '',
    })),
    suspended: structsAt(group, 'SuspendedProcesses').map((process) => textAt(process, 'ProcessName') ?? ''),
    tags: structsAt(group, 'Tags'),
  };
}

/** The members that count: those that are not leaving. */
export function activeMembers(group: SeenGroup): readonly SeenMember[] {
  return group.members.filter(({ lifecycleState }) => !lifecycleState.startsWith('Terminat'));
}
