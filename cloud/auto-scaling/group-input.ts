// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../failure.ts';
import { type Struct, structAt, structsAt, textAt, textsAt } from '../value.ts';
import type { DistributionStrategy, Group, GroupTag, Place, TemplateReference, TerminationPolicy } from './group.ts';
import type { GroupCloud } from './group-cloud.ts';
import { resolveTemplate } from './launch-template.ts';

/** The parts of CreateAutoScalingGroup and UpdateAutoScalingGroup that the lab imitates. Anything else is refused. */
const IMITATED = new Set([
  'AutoScalingGroupName',
  'LaunchTemplate',
  'MinSize',
  'MaxSize',
  'DesiredCapacity',
  'DefaultCooldown',
  'AvailabilityZones',
  'VPCZoneIdentifier',
  'HealthCheckType',
  'HealthCheckGracePeriod',
  'TerminationPolicies',
  'NewInstancesProtectedFromScaleIn',
  'CapacityRebalance',
  'AvailabilityZoneDistribution',
  'LifecycleHookSpecificationList',
  'Tags',
]);

export function refuseWhatIsNotImitated(input: Struct): void {
  for (const name of Object.keys(input)) {
    if (!IMITATED.has(name)) throw new AwsFailure('ValidationError', `The lab does not imitate ${name} of a group`);
  }
  refuseUnless(input.HealthCheckType ?? 'EC2', 'EC2', 'HealthCheckType');
  refuseUnless(input.CapacityRebalance ?? false, false, 'CapacityRebalance');
}

function refuseUnless(value: unknown, imitated: unknown, name: string): void {
  if (value !== imitated) {
    throw new AwsFailure('ValidationError', `The lab imitates ${name} ${imitated} only, not ${value}`);
  }
}

/** Undefined when the input does not have it. */
export function distributionOf(input: Struct): DistributionStrategy | undefined {
  const distribution = structAt(input, 'AvailabilityZoneDistribution');
  if (distribution === undefined) return undefined;
  const strategy = textAt(distribution, 'CapacityDistributionStrategy') ?? 'balanced-best-effort';
  if (strategy === 'balanced-best-effort' || strategy === 'balanced-only') return strategy;
  throw new AwsFailure('ValidationError', `The lab does not imitate the CapacityDistributionStrategy ${strategy}`);
}

/**
 * Undefined when the input does not have it. AWS accepts several policies; each decides between those that the policies
 * before it leave equal.
 */
export function terminationPolicyOf(input: Struct): TerminationPolicy | undefined {
  const [policy, ...more] = textsAt(input, 'TerminationPolicies');
  if (more.length > 0) throw new AwsFailure('ValidationError', 'The lab imitates one of TerminationPolicies, not more');
  if (policy === undefined || policy === 'Default' || policy === 'NewestInstance') return policy;
  throw new AwsFailure('ValidationError', `The lab does not imitate the termination policy ${policy}`);
}

/**
 * The launch template as the group will show it: with both id and name, and the version as given (by default
 * `$Default`).
 */
export async function templateOf(input: Struct, cloud: GroupCloud): Promise<TemplateReference> {
  const given = structAt(input, 'LaunchTemplate');
  const id = textAt(given, 'LaunchTemplateId') ?? '';
  const name = textAt(given, 'LaunchTemplateName') ?? '';
  if ((id === '') === (name === '')) {
    throw new AwsFailure(
      'ValidationError',
      'Valid requests must contain either launchTemplateId or LaunchTemplateName',
    );
  }
  const version = textAt(given, 'Version') ?? '$Default';
  try {
    const found = await resolveTemplate(cloud.moto, cloud.ec2Model, { id, name, version });
    return { id: found.id, name: found.name, version };
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error;
    throw new AwsFailure('ValidationError', `You must use a valid fully-formed launch template. ${error.message}`);
  }
}

/** The subnets of VPCZoneIdentifier, with their zones. */
export async function placesOf(input: Struct, cloud: GroupCloud): Promise<readonly Place[]> {
  const ids = (textAt(input, 'VPCZoneIdentifier') ?? '').split(',').flatMap((id) => id.trim() || []);
  if (ids.length === 0) {
    throw new AwsFailure('ValidationError', 'At least one Availability Zone or VPC Subnet is required.');
  }
  const known = await cloud.moto.ask(cloud.ec2Model, 'DescribeSubnets', {});
  const places = ids.map((subnet) => {
    const found = structsAt(known, 'Subnets').find((one) => textAt(one, 'SubnetId') === subnet);
    const zone = textAt(found, 'AvailabilityZone');
    if (zone === undefined) throw new AwsFailure('ValidationError', `The subnet ID '${subnet}' does not exist`);
    return { subnet, zone };
  });
  const zones = places.map(({ zone }) => zone);
  const given = textsAt(input, 'AvailabilityZones');
  const match = given.every((zone) => zones.includes(zone)) && zones.every((zone) => given.includes(zone));
  if (given.length > 0 && !match) {
    throw new AwsFailure(
      'ValidationError',
      'The availability zones of the specified subnets and the Auto Scaling group do not match',
    );
  }
  return places;
}

export function checkSizes(minimum: number, maximum: number, desired: number): void {
  if (minimum < 0 || maximum < 0 || desired < 0) {
    throw new AwsFailure('ValidationError', 'The sizes of a group can not be negative');
  }
  if (maximum < minimum) {
    throw new AwsFailure(
      'ValidationError',
      `Max bound, ${maximum}, must be greater than or equal to min bound, ${minimum}`,
    );
  }
  if (desired < minimum || desired > maximum) {
    throw new AwsFailure(
      'ValidationError',
      `Desired capacity:${desired} must be between the specified min size:${minimum} and max size:${maximum}`,
    );
  }
}

const MAX_TAGS = 50;

/**
 * Tags of CreateAutoScalingGroup and CreateOrUpdateTags; a tag replaces the one with the same key. `systemTags` means
 * that a service of AWS sets tags, whose keys begin with `aws:`.
 */
export function mergedTags(
  before: readonly GroupTag[],
  added: readonly Struct[],
  systemTags = false,
): readonly GroupTag[] {
  const tags = new Map(before.map((tag) => [tag.key, tag]));
  for (const tag of added) {
    const key = textAt(tag, 'Key') ?? '';
    if (/^aws:/i.test(key) && !systemTags) {
      throw new AwsFailure('ValidationError', `Tag keys starting with 'aws:' are reserved for internal use`);
    }
    tags.set(key, { key, value: textAt(tag, 'Value') ?? '', propagateAtLaunch: tag.PropagateAtLaunch === true });
  }
  if (tags.size > MAX_TAGS) throw new AwsFailure('LimitExceeded', `A group has at most ${MAX_TAGS} tags`);
  return [...tags.values()];
}

export function groupNamed(groups: ReadonlyMap<string, Group>, name: string | undefined): Group {
  const group = groups.get(name ?? '');
  if (group === undefined) throw new AwsFailure('ValidationError', `AutoScalingGroup name not found - null: ${name}`);
  return group;
}
