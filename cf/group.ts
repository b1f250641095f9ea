// SPDX-License-Identifier: Apache-2.0
/**
 * The Auto Scaling group, and how it changes without outrunning the ensemble: a launching node is in service once it
 * votes, a leaving one is gone once it has left the config, and CloudFormation waits for each node's signal.
 */
import { getAtt, type JsonObject, type Resources, ref } from './cloudformation.ts';
import type { Identity } from './identity/identity.ts';
import { LAUNCH_HOOK, TERMINATE_HOOK } from './launch-template.ts';
import { memberRuleIds } from './network.ts';
import { tagsOf } from './tags.ts';
import type { TemplateOptions } from './template-options.ts';

/**
 * What acts on instances beside the update itself is held off meanwhile: it would replace nodes that are only slow, or
 * take one down while another is on its way. Never Launch or Terminate, which the update needs.
 */
const SUSPENDED = [
  'AlarmNotification',
  'AZRebalance',
  'HealthCheck',
  'InstanceRefresh',
  'ReplaceUnhealthy',
  'ScheduledActions',
];

export function groupResources(options: TemplateOptions, identity: Identity): Resources {
  return {
    Group: {
      Type: 'AWS::AutoScaling::AutoScalingGroup',
      // Nodes need the rules and the bucket's policy from their first second to their last: so these come before the
      // group and go after it.
      DependsOn: ['BucketPolicy', ...memberRuleIds()].sort(),
      CreationPolicy: { ResourceSignal: { Count: ref('PresentHosts'), Timeout: ref('CreationTimeout') } },
      UpdatePolicy: {
        AutoScalingRollingUpdate: {
          MaxBatchSize: 1,
          MinInstancesInService: identity.nodesInService,
          MinSuccessfulInstancesPercent: 100,
          PauseTime: ref('UpdateTimeout'),
          SuspendProcesses: SUSPENDED,
          WaitOnResourceSignals: true,
        },
        AutoScalingScheduledAction: { IgnoreUnmodifiedGroupSizeProperties: true },
      },
      Properties: {
        DesiredCapacity: ref('PresentHosts'),
        // Of instances alone: a load balancer's check could take every member at once.
        HealthCheckType: 'EC2',
        LaunchTemplate: {
          LaunchTemplateId: ref('LaunchTemplate'),
          Version: getAtt('LaunchTemplate', 'LatestVersionNumber'),
        },
        LifecycleHookSpecificationList: hooks(),
        MaxSize: ref('MaxSize'),
        MinSize: ref('NumHosts'),
        Tags: tagsOf(options, 'node').map((tag) => ({ ...tag, PropagateAtLaunch: true })),
        // The default takes the oldest launch template first: when an update is rolled back while the group replaces a
        // node that gave up, that would be a voter, and the newcomer would stay.
        TerminationPolicies: ['NewestInstance'],
        VPCZoneIdentifier: ref('Subnets'),
      },
    },
  };
}

/** In the group's own list: a hook that is a resource of its own comes after the first instances. */
function hooks(): readonly JsonObject[] {
  return [
    {
      // A node that never votes is given up and replaced.
      DefaultResult: 'ABANDON',
      HeartbeatTimeout: ref('LaunchHookSeconds'),
      LifecycleHookName: LAUNCH_HOOK,
      LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
    },
    {
      DefaultResult: 'CONTINUE',
      HeartbeatTimeout: ref('TerminateHookSeconds'),
      LifecycleHookName: TERMINATE_HOOK,
      LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
    },
  ];
}
