// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { AwsFailure } from '../failure.ts';
import { flagAt, numberAt, type Struct, structsAt, textAt, textsAt } from '../value.ts';
import type { AutoScaling } from './auto-scaling.ts';
import { activeInstances, type Group, PROCESSES, type Process } from './group.ts';
import {
  checkSizes,
  distributionOf,
  groupNamed,
  mergedTags,
  placesOf,
  refuseWhatIsNotImitated,
  templateOf,
  terminationPolicyOf,
} from './group-input.ts';
import { complete } from './lifecycle-action.ts';
import { type LifecycleHook, withHook } from './lifecycle-hook.ts';

const USUAL_COOLDOWN_SECONDS = 300;

export interface CallerAccount {
  readonly region: string;
  readonly account: string;
  /** Set for a service of AWS, which may use its reserved tags. */
  readonly systemTags?: boolean;
}

export async function createGroup(scaling: AutoScaling, input: Struct, account: CallerAccount): Promise<Struct> {
  refuseWhatIsNotImitated(input);
  const name = textAt(input, 'AutoScalingGroupName') ?? '';
  if (name.includes(':')) throw new AwsFailure('ValidationError', 'A colon is not allowed in the name of a group');
  const minimum = numberAt(input, 'MinSize') ?? 0;
  const maximum = numberAt(input, 'MaxSize') ?? 0;
  const desired = numberAt(input, 'DesiredCapacity') ?? minimum;
  checkSizes(minimum, maximum, desired);
  const tags = mergedTags([], structsAt(input, 'Tags'), account.systemTags);
  const none: readonly LifecycleHook[] = [];
  const hooks = structsAt(input, 'LifecycleHookSpecificationList').reduce(withHook, none);
  const distribution = distributionOf(input) ?? 'balanced-best-effort';
  const terminationPolicy = terminationPolicyOf(input) ?? 'Default';
  const template = await templateOf(input, scaling.cloud);
  const places = await placesOf(input, scaling.cloud);
  // This check comes only now, since another call may have made the group meanwhile.
  if (scaling.groups.has(name)) {
    throw new AwsFailure(
      'AlreadyExists',
      `AutoScalingGroup by this name already exists - A group with the name ${name} already exists`,
    );
  }
  scaling.groups.set(name, {
    name,
    arn: `arn:aws:autoscaling:${account.region}:${account.account}:autoScalingGroup:${randomUUID()}:autoScalingGroupName/${name}`,
    createdAtMs: Date.now(),
    minimum,
    maximum,
    desired,
    template,
    places,
    distribution,
    terminationPolicy,
    hooks,
    tags,
    healthCheckGraceSeconds: numberAt(input, 'HealthCheckGracePeriod') ?? 0,
    cooldownSeconds: numberAt(input, 'DefaultCooldown') ?? USUAL_COOLDOWN_SECONDS,
    protectNew: flagAt(input, 'NewInstancesProtectedFromScaleIn') ?? false,
    suspended: new Set(),
    instances: new Map(),
    launching: 0,
    activities: [],
    deleting: false,
  });
  scaling.nudge(name);
  return {};
}

/** If the desired capacity is below a new minimum or above a new maximum, it changes to that value. */
export async function updateGroup(scaling: AutoScaling, input: Struct): Promise<Struct> {
  refuseWhatIsNotImitated(input);
  const group = notDeleting(groupNamed(scaling.groups, textAt(input, 'AutoScalingGroupName')));
  const minimum = numberAt(input, 'MinSize') ?? group.minimum;
  const maximum = numberAt(input, 'MaxSize') ?? group.maximum;
  const given = numberAt(input, 'DesiredCapacity');
  const desired = given ?? Math.max(minimum, Math.min(maximum, group.desired));
  checkSizes(minimum, maximum, desired);
  const terminationPolicy = terminationPolicyOf(input) ?? group.terminationPolicy;
  const template = input.LaunchTemplate === undefined ? group.template : await templateOf(input, scaling.cloud);
  const places = input.VPCZoneIdentifier === undefined ? group.places : await placesOf(input, scaling.cloud);
  Object.assign(group, { minimum, maximum, desired, template, places, terminationPolicy });
  group.distribution = distributionOf(input) ?? group.distribution;
  group.healthCheckGraceSeconds = numberAt(input, 'HealthCheckGracePeriod') ?? group.healthCheckGraceSeconds;
  group.cooldownSeconds = numberAt(input, 'DefaultCooldown') ?? group.cooldownSeconds;
  group.protectNew = flagAt(input, 'NewInstancesProtectedFromScaleIn') ?? group.protectNew;
  scaling.nudge(group.name);
  return {};
}

export function setDesiredCapacity(scaling: AutoScaling, input: Struct): Struct {
  const group = notDeleting(groupNamed(scaling.groups, textAt(input, 'AutoScalingGroupName')));
  const desired = numberAt(input, 'DesiredCapacity') ?? 0;
  if (desired > group.maximum) {
    throw new AwsFailure(
      'ValidationError',
      `New SetDesiredCapacity value ${desired} is above max value ${group.maximum} for the AutoScalingGroup.`,
    );
  }
  if (desired < group.minimum) {
    throw new AwsFailure(
      'ValidationError',
      `New SetDesiredCapacity value ${desired} is below min value ${group.minimum} for the AutoScalingGroup.`,
    );
  }
  if (flagAt(input, 'HonorCooldown') ?? false) honorCooldown(group, scaling.cloud.timings.nowMs());
  group.desired = desired;
  scaling.nudge(group.name);
  return {};
}

/** Fails while an activity is in progress, and during the cooldown after the last successful one. */
function honorCooldown(group: Group, nowMs: number): void {
  const sinceMs = nowMs - group.cooldownSeconds * 1_000;
  const blocking = group.activities.find(
    ({ status, endedAtMs }) => endedAtMs === undefined || (status === 'Successful' && endedAtMs > sinceMs),
  );
  if (blocking === undefined) return;
  throw new AwsFailure(
    'ScalingActivityInProgress',
    `Scaling activity ${blocking.id} is in progress and blocks this action`,
  );
}

/**
 * Without ForceDelete the group must be empty, even of leaving instances. With ForceDelete its instances skip their
 * hooks, also those that already wait. The group is removed when its last instance is terminated.
 */
export function deleteGroup(scaling: AutoScaling, input: Struct): Struct {
  const group = groupNamed(scaling.groups, textAt(input, 'AutoScalingGroupName'));
  const forced = flagAt(input, 'ForceDelete') ?? false;
  if (!forced && activeInstances(group).length > 0) {
    throw new AwsFailure(
      'ResourceInUse',
      'You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.',
    );
  }
  if (!forced && group.instances.size > 0) {
    throw new AwsFailure(
      'ScalingActivityInProgress',
      'You cannot delete an AutoScalingGroup while there are scaling activities in progress for that group.',
    );
  }
  group.deleting = true;
  Object.assign(group, { minimum: 0, maximum: 0, desired: 0 });
  for (const member of group.instances.values()) {
    member.protectedFromScaleIn = false;
    if (member.lifecycleState === 'Terminating:Wait') for (const action of member.actions) complete(action, 'CONTINUE');
  }
  // The deletion of a group also ends its suspended processes. Otherwise its instances would stay.
  group.suspended.clear();
  // An instance whose launch is in progress must not outlive its group.
  if (group.instances.size === 0 && group.launching === 0) scaling.groups.delete(group.name);
  else scaling.nudge(group.name);
  return {};
}

/** SuspendProcesses and ResumeProcesses. Without names, they apply to all processes. */
export function setSuspended(scaling: AutoScaling, input: Struct, suspended: boolean): Struct {
  const group = groupNamed(scaling.groups, textAt(input, 'AutoScalingGroupName'));
  const names = textsAt(input, 'ScalingProcesses');
  for (const name of names) {
    if (!isProcess(name)) throw new AwsFailure('ValidationError', `${name} is not a valid scaling process`);
  }
  for (const process of PROCESSES) {
    if (names.length > 0 && !names.includes(process)) continue;
    if (suspended) group.suspended.add(process);
    else group.suspended.delete(process);
  }
  scaling.nudge(group.name);
  return {};
}

function isProcess(name: string): name is Process {
  return PROCESSES.some((process) => process === name);
}

function notDeleting(group: Group): Group {
  if (group.deleting) {
    throw new AwsFailure('ScalingActivityInProgress', `The group ${group.name} is being deleted`);
  }
  return group;
}
