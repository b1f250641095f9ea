// SPDX-License-Identifier: Apache-2.0
/** The Auto Scaling group of a lab, as a person sees and changes it. */
import assert from 'node:assert/strict';
import {
  CompleteLifecycleActionCommand,
  DescribeAutoScalingGroupsCommand,
  SetDesiredCapacityCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import type { TestLab } from './lab.ts';
import { waitFor } from './wait-for.ts';

const LIMIT_MS = 300_000;

/** Lifecycle states by instance; one that the group does not list any more is missing. */
export async function lifecycleStates(lab: TestLab): Promise<ReadonlyMap<string, string>> {
  const { AutoScalingGroups } = await lab.lab.cloud.lab.autoScaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [lab.lab.stack.group] }),
  );
  const instances = AutoScalingGroups?.[0]?.Instances ?? [];
  return new Map(instances.map(({ InstanceId, LifecycleState }) => [InstanceId ?? '', LifecycleState ?? '']));
}

/** Until the group has this many instances, all in service: no hook waits for anybody. Returns them. */
export async function allInService(lab: TestLab, count: number): Promise<readonly string[]> {
  let states: ReadonlyMap<string, string> = new Map();
  await waitFor(
    async () => {
      states = await lifecycleStates(lab);
      return states.size === count && [...states.values()].every((state) => state === 'InService');
    },
    { limitMs: LIMIT_MS, why: `the group has ${count} instances, all in service` },
  ).catch((error: unknown) => assert.fail(`${error}\n${JSON.stringify([...states])}`));
  return [...states.keys()];
}

export async function setDesired(lab: TestLab, nodes: number): Promise<void> {
  await lab.lab.operator.autoScaling.send(
    new SetDesiredCapacityCommand({ AutoScalingGroupName: lab.lab.stack.group, DesiredCapacity: nodes }),
  );
}

/** Scaling in by one, with this very instance for the victim. */
export async function scaleInOf(lab: TestLab, instance: string): Promise<void> {
  await lab.lab.operator.autoScaling.send(
    new TerminateInstanceInAutoScalingGroupCommand({ InstanceId: instance, ShouldDecrementDesiredCapacity: true }),
  );
}

/** For a node that can't: it never was a member, and its group would wait for the hook's timeout. */
export async function completeTerminateHook(lab: TestLab, instance: string): Promise<void> {
  await waitFor(async () => (await lifecycleStates(lab)).get(instance) === 'Terminating:Wait', {
    limitMs: LIMIT_MS,
    why: `${instance} waits in its terminate hook`,
  });
  await lab.lab.operator.autoScaling.send(
    new CompleteLifecycleActionCommand({
      AutoScalingGroupName: lab.lab.stack.group,
      LifecycleHookName: 'terminate',
      LifecycleActionResult: 'CONTINUE',
      InstanceId: instance,
    }),
  );
}
