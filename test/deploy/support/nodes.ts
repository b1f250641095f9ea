// SPDX-License-Identifier: Apache-2.0
/**
 * Plays the nodes of a stack towards AWS, without servers: a launching instance completes its launch hook and signals
 * the stack, a leaving one completes its terminate hook. Instances of a broken image signal a failure instead.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CompleteLifecycleActionCommand,
  DescribeAutoScalingGroupsCommand,
  type Instance,
} from '@aws-sdk/client-auto-scaling';
import { SignalResourceCommand } from '@aws-sdk/client-cloudformation';
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import type { AwsClients } from '../../../tools/aws-clients.ts';

const LOOK_EVERY_MS = 100;

export interface Nodes extends AsyncDisposable {
  /** Images whose instances never vote. */
  readonly broken: Set<string>;
  /** Whether instances signal at all. */
  mute: boolean;
}

interface Group {
  readonly name: string;
  readonly stackName: string;
  readonly instances: readonly Instance[];
}

/** For every group of a stack, until it is disposed of. */
export function playNodes(aws: AwsClients): Nodes {
  const stop = new AbortController();
  const signalled = new Set<string>();
  const broken = new Set<string>();
  const nodes: Nodes = {
    broken,
    mute: false,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await playing;
    },
  };
  const playing = play();
  return nodes;

  async function play(): Promise<void> {
    while (!stop.signal.aborted) {
      for (const group of await groupsOfStacks(aws)) {
        for (const instance of group.instances) await actOn(group, instance);
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  async function actOn(group: Group, { InstanceId = '', LifecycleState }: Instance): Promise<void> {
    if (LifecycleState === 'Terminating:Wait') return complete(group, InstanceId, 'terminate', 'CONTINUE');
    const nothingToDo =
      LifecycleState !== 'Pending:Wait' && (LifecycleState !== 'InService' || signalled.has(InstanceId));
    if (nodes.mute || nothingToDo) return;
    const fails = broken.has(await imageOf(aws, InstanceId));
    if (LifecycleState === 'Pending:Wait') {
      await complete(group, InstanceId, 'launch', fails ? 'ABANDON' : 'CONTINUE');
      if (fails) await signal(group, InstanceId, 'FAILURE');
    }
    if (LifecycleState === 'InService') await signal(group, InstanceId, 'SUCCESS');
  }

  async function complete({ name }: Group, InstanceId: string, LifecycleHookName: string, result: string) {
    const LifecycleActionResult = result;
    const command = new CompleteLifecycleActionCommand({
      ...{ AutoScalingGroupName: name, InstanceId, LifecycleHookName, LifecycleActionResult },
    });
    await aws.autoScaling.send(command).catch(ignored('ValidationError'));
  }

  async function signal({ stackName }: Group, UniqueId: string, Status: 'SUCCESS' | 'FAILURE'): Promise<void> {
    if (signalled.has(UniqueId)) return;
    signalled.add(UniqueId);
    const command = new SignalResourceCommand({ StackName: stackName, LogicalResourceId: 'Group', UniqueId, Status });
    await aws.cloudFormation.send(command).catch(ignored('ValidationError'));
  }
}

/** An instance that went, or an operation that ended, between the look and the act. */
function ignored(name: string) {
  return (error: unknown): void => {
    if (!(error instanceof Error) || error.name !== name) throw error;
  };
}

async function groupsOfStacks(aws: AwsClients): Promise<readonly Group[]> {
  const { AutoScalingGroups = [] } = await aws.autoScaling.send(new DescribeAutoScalingGroupsCommand({}));
  return AutoScalingGroups.flatMap(({ AutoScalingGroupName: name = '', Tags = [], Instances: instances = [] }) => {
    const stackName = Tags.find(({ Key }) => Key === 'aws:cloudformation:stack-name')?.Value;
    return stackName === undefined ? [] : [{ name, stackName, instances }];
  });
}

async function imageOf(aws: AwsClients, id: string): Promise<string> {
  const Filters = [{ Name: 'instance-id', Values: [id] }];
  const { Reservations = [] } = await aws.ec2.send(new DescribeInstancesCommand({ Filters }));
  return Reservations[0]?.Instances?.[0]?.ImageId ?? '';
}
