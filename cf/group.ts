// SPDX-License-Identifier: Apache-2.0
/**
 * The Auto Scaling group, and how it changes at the pace of the ensemble. A launching node goes into service once it
 * votes. A leaving node goes once it has left the config. CloudFormation waits for each node's signal.
 */
import { getAtt, type JsonObject, type Resources, ref } from './cloudformation.ts';
import type { Identity } from './identity/identity.ts';
import { LAUNCH_HOOK, TERMINATE_HOOK } from './launch-template.ts';
import { namesTag, tagsOf } from './tags.ts';
import type { TemplateOptions } from './template-options.ts';

/**
 * An update suspends the processes that act on instances by themselves. They would replace nodes that are only slow, or
 * terminate a node while another one is launching. Launch and Terminate are never suspended, because the update needs
 * them.
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
      // Nodes need the rules and the bucket's policy for their whole life. So these are created before the group and
      // deleted after it.
      DependsOn: ['BucketPolicy', ...Object.keys(identity.memberRules)].sort(),
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
        // A check of the instances only: a load balancer's check could terminate every member at once.
        HealthCheckType: 'EC2',
        LaunchTemplate: {
          LaunchTemplateId: ref('LaunchTemplate'),
          Version: getAtt('LaunchTemplate', 'LatestVersionNumber'),
        },
        LifecycleHookSpecificationList: hooks(),
        MaxSize: ref('MaxSize'),
        MinSize: ref('NumHosts'),
        Tags: [...tagsOf(options, 'node'), ...namesTag(options)].map((tag) => ({ ...tag, PropagateAtLaunch: true })),
        // The default terminates instances of the oldest launch template first. Take an update that is rolled back
        // while the group replaces a failed node. The default would then terminate a voter and keep the new node.
        TerminationPolicies: ['NewestInstance'],
        VPCZoneIdentifier: ref('Subnets'),
      },
    },
  };
}

/** The hooks are in the group's own list: a hook as a separate resource would be created after the first instances. */
function hooks(): readonly JsonObject[] {
  return [
    {
      // A node that does not vote in time is abandoned and replaced.
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
