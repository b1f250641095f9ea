// SPDX-License-Identifier: Apache-2.0
/** Stacks with an Auto Scaling group, and who plays its nodes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CompleteLifecycleActionCommand, type Instance } from '@aws-sdk/client-auto-scaling';
import { SignalResourceCommand } from '@aws-sdk/client-cloudformation';
import { type Json, type Stacks, templateOf } from './cloudformation-stacks.ts';
import type { LocalAws } from './local-aws.ts';

export interface GroupOptions {
  readonly subnets: readonly string[];
  readonly image: string;
  /** What nodes are launched from besides: a change of it is a new version. */
  readonly word?: string;
  readonly properties?: { readonly [name: string]: Json };
  readonly rolling?: Json;
  readonly scheduled?: Json;
  readonly creation?: Json;
}

const HOOK = { HeartbeatTimeout: 300 };
export const HOOKS = [
  {
    ...HOOK,
    LifecycleHookName: 'launch',
    LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
    DefaultResult: 'ABANDON',
  },
  {
    ...HOOK,
    LifecycleHookName: 'terminate',
    LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
    DefaultResult: 'CONTINUE',
  },
];

/** A launch template and a group of three with hooks. */
export function groupTemplate(options: GroupOptions): string {
  const { subnets, image, word = 'first', properties = {}, rolling, scheduled, creation } = options;
  const policies = {
    ...(rolling === undefined ? {} : { AutoScalingRollingUpdate: rolling }),
    ...(scheduled === undefined ? {} : { AutoScalingScheduledAction: scheduled }),
  };
  return templateOf(
    {
      Template: {
        Type: 'AWS::EC2::LaunchTemplate',
        Properties: {
          LaunchTemplateData: {
            ImageId: image,
            InstanceType: 't3.small',
            UserData: Buffer.from(word).toString('base64'),
          },
        },
      },
      Group: {
        Type: 'AWS::AutoScaling::AutoScalingGroup',
        ...(creation === undefined ? {} : { CreationPolicy: creation }),
        ...(Object.keys(policies).length === 0 ? {} : { UpdatePolicy: policies }),
        Properties: {
          LaunchTemplate: {
            LaunchTemplateId: { Ref: 'Template' },
            Version: { 'Fn::GetAtt': ['Template', 'LatestVersionNumber'] },
          },
          MinSize: '3',
          MaxSize: '4',
          VPCZoneIdentifier: [...subnets],
          LifecycleHookSpecificationList: HOOKS,
          ...properties,
        },
      },
    },
    { outputs: { Group: { Ref: 'Group' } } },
  );
}

/** What is done about one instance that waits for a hook; `signal` tells the stack. */
export interface Player {
  launching(node: Node): Promise<void>;
  leaving(node: Node): Promise<void>;
}

export interface Node {
  readonly instance: string;
  /** The launch template version that it was made from. */
  readonly version: string;
  complete(hook: 'launch' | 'terminate', result?: 'CONTINUE' | 'ABANDON'): Promise<void>;
  signal(status?: 'SUCCESS' | 'FAILURE'): Promise<void>;
}

/** Good nodes: in service at once, gone at once. */
export const GOOD: Player = {
  launching: async (node) => {
    await node.complete('launch');
    await node.signal();
  },
  leaving: (node) => node.complete('terminate'),
};

/** A look at the group: how many of which state, and what the group is set to. */
export interface Look {
  readonly active: number;
  readonly leaving: number;
}

/** Plays the nodes of a group, each hook once, until disposed of. */
export class Nodes implements AsyncDisposable {
  readonly looks: Look[] = [];
  player: Player;
  readonly #aws: LocalAws;
  readonly #stacks: Stacks;
  readonly #stack: string;
  readonly #done = new Set<string>();
  readonly #playing: Promise<void>;
  readonly #pending = new Set<Promise<void>>();
  #stopped = false;

  constructor(aws: LocalAws, stacks: Stacks, stack: string, player: Player = GOOD) {
    this.#aws = aws;
    this.#stacks = stacks;
    this.#stack = stack;
    this.player = player;
    this.#playing = this.#play();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#playing;
    await Promise.all(this.#pending);
  }

  async #play(): Promise<void> {
    let group = '';
    while (!this.#stopped) {
      group ||= await this.#stacks.physicalId(this.#stack, 'Group').catch(() => '');
      const members = group === '' ? [] : await this.#aws.members(group);
      const leaving = members.filter(({ LifecycleState = '' }) => LifecycleState.startsWith('Terminating')).length;
      this.looks.push({ active: members.length - leaving, leaving });
      for (const member of members) this.#meet(group, member);
      await sleep(30);
    }
  }

  #meet(group: string, member: Instance): void {
    const { InstanceId: instance = '', LifecycleState: state = '', LaunchTemplate } = member;
    const key = `${instance} ${state}`;
    if (!state.endsWith(':Wait') || this.#done.has(key)) return;
    this.#done.add(key);
    const node: Node = {
      instance,
      version: LaunchTemplate?.Version ?? '',
      complete: (hook, result = 'CONTINUE') => this.#complete(group, instance, hook, result),
      signal: (status = 'SUCCESS') => this.#signal(instance, status),
    };
    const playing = state.startsWith('Pending') ? this.player.launching(node) : this.player.leaving(node);
    const settled = playing.catch(() => {}).finally(() => this.#pending.delete(settled));
    this.#pending.add(settled);
  }

  async #complete(AutoScalingGroupName: string, InstanceId: string, LifecycleHookName: string, result: string) {
    const input = { AutoScalingGroupName, InstanceId, LifecycleHookName, LifecycleActionResult: result };
    await this.#aws.operator.autoScaling.send(new CompleteLifecycleActionCommand(input));
  }

  async #signal(UniqueId: string, Status: 'SUCCESS' | 'FAILURE'): Promise<void> {
    const input = { StackName: this.#stack, LogicalResourceId: 'Group', UniqueId, Status };
    await this.#stacks.client.send(new SignalResourceCommand(input));
  }
}
