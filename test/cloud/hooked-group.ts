// SPDX-License-Identifier: Apache-2.0
/** Auto Scaling groups with lifecycle hooks, in tests. */
import {
  CompleteLifecycleActionCommand,
  CreateAutoScalingGroupCommand,
  type CreateAutoScalingGroupCommandInput,
  DeleteAutoScalingGroupCommand,
  type LifecycleHookSpecification,
} from '@aws-sdk/client-auto-scaling';
import { type LocalAws, waitFor } from './local-aws.ts';

export const LAUNCHING = 'autoscaling:EC2_INSTANCE_LAUNCHING';
export const TERMINATING = 'autoscaling:EC2_INSTANCE_TERMINATING';
export const LAUNCH = { LifecycleHookName: 'launch', LifecycleTransition: LAUNCHING } as const;
export const TERMINATE = { LifecycleHookName: 'terminate', LifecycleTransition: TERMINATING } as const;

/** A group over three zones that has just been asked for, with these hooks from its first instance on. */
export async function hookedGroup(
  aws: LocalAws,
  hooks: readonly LifecycleHookSpecification[],
  size: number,
  changes: Partial<CreateAutoScalingGroupCommandInput> = {},
): Promise<string> {
  const AutoScalingGroupName = aws.name('hooked');
  const subnets = changes.VPCZoneIdentifier === undefined ? await aws.subnets() : [];
  await aws.operator.autoScaling.send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName,
      LaunchTemplate: { LaunchTemplateName: await aws.launchTemplate(), Version: '$Latest' },
      VPCZoneIdentifier: subnets.join(','),
      MinSize: 0,
      MaxSize: 7,
      DesiredCapacity: size,
      LifecycleHookSpecificationList: [...hooks],
      ...changes,
    }),
  );
  return AutoScalingGroupName;
}

/** The call that ends one wait for a hook. */
export function completion(
  group: string,
  hook: string,
  who: { readonly InstanceId?: string; readonly LifecycleActionToken?: string },
  result: string,
): CompleteLifecycleActionCommand {
  return new CompleteLifecycleActionCommand({
    AutoScalingGroupName: group,
    LifecycleHookName: hook,
    LifecycleActionResult: result,
    ...who,
  });
}

/**
 * Waits until the instances of the group have exactly these states, in any order; returns the instances in the order of
 * the states.
 */
export async function groupStates(aws: LocalAws, group: string, wanted: readonly string[]): Promise<readonly string[]> {
  let members: Awaited<ReturnType<LocalAws['members']>> = [];
  await waitFor(`${wanted.join(' ')} in ${group}`, async () => {
    members = await aws.members(group);
    const found = members.map(({ LifecycleState }) => LifecycleState);
    return JSON.stringify(found.toSorted()) === JSON.stringify(wanted.toSorted());
  });
  const left = [...members];
  return wanted.map((state) => {
    const at = left.findIndex(({ LifecycleState }) => LifecycleState === state);
    return left.splice(at, 1)[0]?.InstanceId ?? '';
  });
}

export async function removeGroup(aws: LocalAws, AutoScalingGroupName: string): Promise<void> {
  await aws.operator.autoScaling.send(new DeleteAutoScalingGroupCommand({ AutoScalingGroupName, ForceDelete: true }));
  const gone = async () => (await aws.members(AutoScalingGroupName)).length === 0;
  await waitFor(`${AutoScalingGroupName} is deleted`, gone);
}
