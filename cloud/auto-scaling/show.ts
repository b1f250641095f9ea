// SPDX-License-Identifier: Apache-2.0
import type { Struct } from '../value.ts';
import type { Activity } from './activity.ts';
import type { Group, GroupInstance, GroupTag } from './group.ts';

/** A group as DescribeAutoScalingGroups shows it (AutoScalingGroup of the API model). */
export function shownGroup(group: Group): Struct {
  return {
    AutoScalingGroupName: group.name,
    AutoScalingGroupARN: group.arn,
    LaunchTemplate: {
      LaunchTemplateId: group.template.id,
      LaunchTemplateName: group.template.name,
      Version: group.template.version,
    },
    MinSize: group.minimum,
    MaxSize: group.maximum,
    DesiredCapacity: group.desired,
    DefaultCooldown: group.cooldownSeconds,
    AvailabilityZoneDistribution: { CapacityDistributionStrategy: group.distribution },
    AvailabilityZones: [...new Set(group.places.map(({ zone }) => zone))],
    LoadBalancerNames: [],
    TargetGroupARNs: [],
    HealthCheckType: 'EC2',
    HealthCheckGracePeriod: group.healthCheckGraceSeconds,
    Instances: [...group.instances.values()].map(shownMember),
    CreatedTime: time(group.createdAtMs),
    SuspendedProcesses: [...group.suspended].map((process) => ({
      ProcessName: process,
      SuspensionReason: 'User suspended',
    })),
    VPCZoneIdentifier: group.places.map(({ subnet }) => subnet).join(','),
    EnabledMetrics: [],
    Tags: group.tags.map((tag) => shownTag(group, tag)),
    TerminationPolicies: [group.terminationPolicy],
    NewInstancesProtectedFromScaleIn: group.protectNew,
    ...(group.deleting ? { Status: 'Delete in progress' } : {}),
  };
}

function shownMember(member: GroupInstance): Struct {
  return {
    InstanceId: member.instance,
    InstanceType: member.instanceType,
    AvailabilityZone: member.place.zone,
    LifecycleState: member.lifecycleState,
    HealthStatus: member.healthy ? 'Healthy' : 'Unhealthy',
    LaunchTemplate: shownTemplate(member),
    ProtectedFromScaleIn: member.protectedFromScaleIn,
  };
}

/** A member as DescribeAutoScalingInstances shows it, with the health in capital letters. */
export function shownInstance(group: Group, member: GroupInstance): Struct {
  const shown = shownMember(member);
  return { ...shown, AutoScalingGroupName: group.name, HealthStatus: member.healthy ? 'HEALTHY' : 'UNHEALTHY' };
}

export function shownTag(group: Group, tag: GroupTag): Struct {
  return {
    ResourceId: group.name,
    ResourceType: 'auto-scaling-group',
    Key: tag.key,
    Value: tag.value,
    PropagateAtLaunch: tag.propagateAtLaunch,
  };
}

export function shownActivity(group: Group, activity: Activity): Struct {
  return {
    ActivityId: activity.id,
    AutoScalingGroupName: group.name,
    Description: activity.description,
    Cause: activity.cause,
    StartTime: time(activity.startedAtMs),
    StatusCode: activity.status,
    Progress: activity.endedAtMs === undefined ? 50 : 100,
    Details: '{}',
    AutoScalingGroupARN: group.arn,
    ...(activity.endedAtMs === undefined ? {} : { EndTime: time(activity.endedAtMs) }),
    ...(activity.message === undefined ? {} : { StatusMessage: activity.message }),
  };
}

function shownTemplate(member: GroupInstance): Struct {
  const { id, name, version } = member.template;
  return { LaunchTemplateId: id, LaunchTemplateName: name, Version: String(version) };
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
