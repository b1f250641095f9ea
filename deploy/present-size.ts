// SPDX-License-Identifier: Apache-2.0
/** The present size of a stack's group. An update must not change it. */
import { DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import type { TemplateOptions } from '../cf/template-options.ts';
import { call } from './aws.ts';
import type { DeployContext } from './context.ts';
import { DeployError } from './errors.ts';
import { physicalId, type StackView } from './stack.ts';

interface PresentSize {
  readonly group: string;
  readonly desired: number;
}

/** Undefined when the stack has no group, or no longer. */
export async function presentSize(context: DeployContext, stack: StackView): Promise<PresentSize | undefined> {
  const { aws, signal } = context;
  const group = await physicalId(aws, stack.id, 'Group', signal);
  if (group === undefined) return undefined;
  const { AutoScalingGroups = [] } = await call('Auto Scaling DescribeAutoScalingGroups', signal, (options) =>
    aws.autoScaling.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] }), options),
  );
  const found = AutoScalingGroups.find(({ AutoScalingGroupName }) => AutoScalingGroupName === group);
  return found?.DesiredCapacity === undefined ? undefined : { group, desired: found.DesiredCapacity };
}

/**
 * The options with the group's present size instead of their own. If necessary, this lowers the minimum, which is an
 * odd number, and raises the maximum. Rejects with STACK_UNUSABLE when there is no node.
 */
export function keepingSize(options: TemplateOptions, { group, desired }: PresentSize): TemplateOptions {
  if (desired < 1) {
    throw new DeployError(
      'STACK_UNUSABLE',
      `The group ${group} has no nodes, and an update could not tell whether new ones vote.`,
      `Scale it up first: aws autoscaling set-desired-capacity --auto-scaling-group-name ${group} --desired-capacity ${options.hosts}`,
    );
  }
  const largestOdd = desired % 2 === 1 ? desired : desired - 1;
  return {
    ...options,
    hosts: Math.min(options.hosts, largestOdd),
    presentHosts: desired,
    // With Elastic IPs there are never more nodes than addresses.
    mostHosts: options.mode === 'elastic-ip' ? options.mostHosts : Math.max(options.mostHosts, desired),
  };
}
