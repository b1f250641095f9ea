// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { AwsFailure } from '../../failure.ts';
import { type Struct, structAt, structsAt, textAt, textsAt, type Value } from '../../value.ts';
import { readCreationPolicy, waitForCreation } from '../policies/creation-policy.ts';
import { keepsUnmodifiedSizes, readRollingPolicy } from '../policies/rolling-policy.ts';
import { rollingUpdate } from '../policies/rolling-update.ts';
import { physicalName } from '../stack/physical-names.ts';
import { unlessGone } from './gone.ts';
import {
  activeMembers,
  groupInput,
  groupTags,
  type SeenGroup,
  type SeenMember,
  type Sizes,
  seeGroup,
  sizeInput,
  sizesOf,
} from './group-input.ts';
import type { ExistingResource, ResourceContext, ResourceHandler } from './handler.ts';
import { surplusKeys } from './tags.ts';

/** Stores the sizes of a group before a rolling update, until the update is complete or rolled back. */
const SIZES_BEFORE = 'sizes before the rolling update';

export const autoScalingGroup: ResourceHandler = {
  type: 'AWS::AutoScaling::AutoScalingGroup',
  supported: [
    'AutoScalingGroupName',
    'AvailabilityZoneDistribution.*',
    'CapacityRebalance',
    'Cooldown',
    'DesiredCapacity',
    'HealthCheckGracePeriod',
    'HealthCheckType',
    'LaunchTemplate.*',
    'LifecycleHookSpecificationList.*',
    'MaxSize',
    'MinSize',
    'NewInstancesProtectedFromScaleIn',
    'Tags.*',
    'TerminationPolicies',
    'VPCZoneIdentifier',
  ],
  attributes: ['AutoScalingGroupARN'],
  policies: true,
  takesTags: 'with-system-tags',

  async create(context, properties) {
    const { stack, logicalId } = context;
    const name = textAt(properties, 'AutoScalingGroupName') ?? physicalName(stack.name, logicalId);
    refuseMovingVersions(properties);
    const policy = readCreationPolicy(context.creationPolicy);
    const hooks = structsAt(properties, 'LifecycleHookSpecificationList');
    await context.call('autoscaling', 'CreateAutoScalingGroup', {
      AutoScalingGroupName: name,
      ...groupInput(properties),
      ...sizeInput(sizesOf(properties)),
      ...(hooks.length === 0 ? {} : { LifecycleHookSpecificationList: hooks }),
      Tags: groupTags(context, properties, name),
    });
    context.made(name);
    if (policy !== undefined) await waitForCreation(context, policy);
    return attributes(context, name);
  },

  async update(context, existing, properties) {
    refuseMovingVersions(properties);
    const { physicalId: name, memory } = existing;
    const group = await seeGroup(context, name);
    if (group === undefined) throw new AwsFailure('ValidationError', `AutoScalingGroup name not found - ${name}`);
    await setHooks(context, name, properties);
    await setTags(context, existing, properties);
    const sizes = wantedSizes(context, existing, properties, group);
    const isObsolete = await obsolescence(context, properties);
    const policy = readRollingPolicy(context.updatePolicy);
    const changes = groupInput(properties);
    if (policy !== undefined && activeMembers(group).some(isObsolete)) {
      if (!memory.has(SIZES_BEFORE)) memory.set(SIZES_BEFORE, group.sizes);
      await rollingUpdate({ context, policy, name, group, sizes, changes, isObsolete });
    } else {
      const input = { AutoScalingGroupName: name, ...changes, ...sizeInput(sizes) };
      await context.call('autoscaling', 'UpdateAutoScalingGroup', input);
    }
    memory.delete(SIZES_BEFORE);
    return attributes(context, name);
  },

  /** Scales to zero through the hooks and waits until the last instance has left the group. Then deletes the group. */
  async remove(context, { physicalId: name }) {
    const limitAtMs = Date.now() + context.timings.groupDeletionMs;
    let group = await seeGroup(context, name);
    if (group === undefined) return;
    const sizes = sizeInput({ minimum: 0, maximum: 0, desired: 0 });
    await context.call('autoscaling', 'UpdateAutoScalingGroup', { AutoScalingGroupName: name, ...sizes });
    while (group !== undefined && group.members.length > 0) {
      if (Date.now() > limitAtMs) throw notEmpty(name, group);
      await sleep(context.timings.pollMs, undefined, { signal: context.signal });
      group = await seeGroup(context, name);
    }
    if (group === undefined) return;
    const deletion = context.call('autoscaling', 'DeleteAutoScalingGroup', { AutoScalingGroupName: name });
    await unlessGone(deletion);
  },
};

function notEmpty(name: string, { members }: SeenGroup): AwsFailure {
  const left = members.map(({ instance, lifecycleState }) => `${instance} ${lifecycleState}`).join(', ');
  return new AwsFailure('ResourceInUse', `The group ${name} did not become empty in time; left are ${left}`);
}

/** CloudFormation accepts a version only as a number. */
function refuseMovingVersions(properties: Struct): void {
  const version = structAt(properties, 'LaunchTemplate')?.Version;
  if (version === undefined || !/^\d+$/.test(String(version))) {
    throw new AwsFailure(
      'ValidationError',
      `LaunchTemplate Version must be the number of a version; $Latest and $Default are not supported (${version})`,
    );
  }
}

/**
 * The sizes of the template. With IgnoreUnmodifiedGroupSizeProperties only those that the template changes, and the
 * group's own sizes for the others. During a rollback these are the sizes before the rolling update.
 */
function wantedSizes(
  context: ResourceContext,
  existing: ExistingResource,
  properties: Struct,
  group: SeenGroup,
): Sizes {
  const wanted = sizesOf(properties);
  const remembered = existing.memory.get(SIZES_BEFORE);
  const present = isSizes(remembered) ? remembered : group.sizes;
  if (isSizes(remembered)) return fitting(present, wanted, () => true);
  if (!keepsUnmodifiedSizes(context.updatePolicy)) return wanted;
  return fitting(present, wanted, (name) => sameSize(existing.properties[name], properties[name]));
}

function fitting(present: Sizes, wanted: Sizes, keeps: (name: string) => boolean): Sizes {
  const minimum = keeps('MinSize') ? present.minimum : wanted.minimum;
  const maximum = keeps('MaxSize') ? present.maximum : wanted.maximum;
  const desired = keeps('DesiredCapacity') ? present.desired : wanted.desired;
  return { minimum, maximum, desired: Math.max(minimum, Math.min(maximum, desired)) };
}

function sameSize(before: Value | undefined, after: Value | undefined): boolean {
  return after === undefined || String(before) === String(after);
}

function isSizes(value: unknown): value is Sizes {
  return typeof value === 'object' && value !== null && 'desired' in value;
}

/** An instance is obsolete if it has another template or version, or is in a zone that the group has left. */
async function obsolescence(context: ResourceContext, properties: Struct): Promise<(member: SeenMember) => boolean> {
  const template = structAt(properties, 'LaunchTemplate');
  const id = textAt(template, 'LaunchTemplateId') ?? (await templateId(context, template));
  const version = String(template?.Version);
  const SubnetIds = textsAt(properties, 'VPCZoneIdentifier');
  const { Subnets = [] } = await context.call('ec2', 'DescribeSubnets', { SubnetIds });
  const zones = structsAt({ Subnets }, 'Subnets').map((subnet) => textAt(subnet, 'AvailabilityZone'));
  return (member) => member.templateId !== id || member.templateVersion !== version || !zones.includes(member.zone);
}

async function templateId(context: ResourceContext, template: Struct | undefined): Promise<string> {
  const LaunchTemplateNames = [textAt(template, 'LaunchTemplateName') ?? ''];
  const answer = await context.call('ec2', 'DescribeLaunchTemplates', { LaunchTemplateNames });
  return textAt(structsAt(answer, 'LaunchTemplates')[0], 'LaunchTemplateId') ?? '';
}

async function setHooks(context: ResourceContext, name: string, properties: Struct): Promise<void> {
  const wanted = structsAt(properties, 'LifecycleHookSpecificationList');
  const answer = await context.call('autoscaling', 'DescribeLifecycleHooks', { AutoScalingGroupName: name });
  for (const hook of wanted) {
    const { LifecycleHookName = '', ...rest } = hook;
    const input = { AutoScalingGroupName: name, LifecycleHookName, ...rest };
    await context.call('autoscaling', 'PutLifecycleHook', input);
  }
  for (const { LifecycleHookName = '' } of structsAt(answer, 'LifecycleHooks')) {
    if (wanted.some((hook) => hook.LifecycleHookName === LifecycleHookName)) continue;
    await context.call('autoscaling', 'DeleteLifecycleHook', { AutoScalingGroupName: name, LifecycleHookName });
  }
}

async function setTags(context: ResourceContext, existing: ExistingResource, properties: Struct): Promise<void> {
  const name = existing.physicalId;
  const wanted = groupTags(context, properties, name);
  if (wanted.length > 0) await context.call('autoscaling', 'CreateOrUpdateTags', { Tags: wanted });
  const surplus = surplusKeys(
    existing,
    wanted.map((tag) => textAt(tag, 'Key') ?? ''),
  );
  if (surplus.length === 0) return;
  const Tags = surplus.map((Key) => ({ ResourceId: name, ResourceType: 'auto-scaling-group', Key }));
  await context.call('autoscaling', 'DeleteTags', { Tags });
}

async function attributes(context: ResourceContext, name: string): Promise<Struct> {
  const answer = await context.call('autoscaling', 'DescribeAutoScalingGroups', { AutoScalingGroupNames: [name] });
  return { AutoScalingGroupARN: textAt(structsAt(answer, 'AutoScalingGroups')[0], 'AutoScalingGroupARN') ?? '' };
}
