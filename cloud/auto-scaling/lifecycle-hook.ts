// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../failure.ts';
import { numberAt, type Struct, textAt } from '../value.ts';

export const TRANSITIONS = ['autoscaling:EC2_INSTANCE_LAUNCHING', 'autoscaling:EC2_INSTANCE_TERMINATING'] as const;
export type Transition = (typeof TRANSITIONS)[number];

export type LifecycleResult = 'CONTINUE' | 'ABANDON';

/** A lifecycle hook of a group; times are in the seconds of the API. */
export interface LifecycleHook {
  readonly name: string;
  readonly transition: Transition;
  readonly heartbeatSeconds: number;
  readonly defaultResult: LifecycleResult;
  readonly notificationMetadata?: string;
}

const USUAL_HEARTBEAT_SECONDS = 3_600;
const SHORTEST_HEARTBEAT_SECONDS = 30;
const LONGEST_HEARTBEAT_SECONDS = 7_200;
const MOST_HEARTBEATS = 100;
const LONGEST_WAIT_SECONDS = 48 * 3_600;
/** The quota of Auto Scaling for one group. */
const MOST_HOOKS = 50;

/** The longest wait of an instance for one hook, even with heartbeats. */
export function globalTimeoutSeconds(hook: LifecycleHook): number {
  return Math.min(LONGEST_WAIT_SECONDS, MOST_HEARTBEATS * hook.heartbeatSeconds);
}

/** The hooks, with one added or changed by PutLifecycleHook or by an entry of LifecycleHookSpecificationList. */
export function withHook(hooks: readonly LifecycleHook[], input: Struct): readonly LifecycleHook[] {
  const hook = hookOf(input, hooks);
  const others = hooks.filter(({ name }) => name !== hook.name);
  if (others.length >= MOST_HOOKS) {
    throw new AwsFailure('LimitExceeded', `An Auto Scaling group has at most ${MOST_HOOKS} lifecycle hooks`);
  }
  return [...others, hook];
}

function hookOf(input: Struct, hooks: readonly LifecycleHook[]): LifecycleHook {
  // An empty target removes the target, and the lab's hooks have none.
  if ((textAt(input, 'NotificationTargetARN') ?? '') !== '' || input.RoleARN !== undefined) {
    throw new AwsFailure('ValidationError', 'The lab does not imitate the notification target of a lifecycle hook');
  }
  const name = textAt(input, 'LifecycleHookName') ?? '';
  const before = hooks.find((hook) => hook.name === name);
  const notificationMetadata = textAt(input, 'NotificationMetadata') ?? before?.notificationMetadata;
  return {
    name,
    transition: transitionOf(textAt(input, 'LifecycleTransition') ?? before?.transition),
    heartbeatSeconds: heartbeatOf(
      numberAt(input, 'HeartbeatTimeout') ?? before?.heartbeatSeconds ?? USUAL_HEARTBEAT_SECONDS,
    ),
    defaultResult: resultOf(textAt(input, 'DefaultResult') ?? before?.defaultResult ?? 'ABANDON'),
    ...(notificationMetadata === undefined ? {} : { notificationMetadata }),
  };
}

function transitionOf(value: string | undefined): Transition {
  const transition = TRANSITIONS.find((known) => known === value);
  if (transition !== undefined) return transition;
  throw new AwsFailure(
    'ValidationError',
    `A new lifecycle hook has one of the transitions ${TRANSITIONS.join(', ')}, not ${value ?? 'none'}`,
  );
}

function heartbeatOf(seconds: number): number {
  if (seconds >= SHORTEST_HEARTBEAT_SECONDS && seconds <= LONGEST_HEARTBEAT_SECONDS) return seconds;
  throw new AwsFailure(
    'ValidationError',
    `The heartbeat timeout of a lifecycle hook is between ${SHORTEST_HEARTBEAT_SECONDS} and ${LONGEST_HEARTBEAT_SECONDS} seconds, not ${seconds}`,
  );
}

/** Fails for anything except CONTINUE and ABANDON. */
export function resultOf(value: string | undefined): LifecycleResult {
  if (value === 'CONTINUE' || value === 'ABANDON') return value;
  throw new AwsFailure(
    'ValidationError',
    `The result of a lifecycle action is CONTINUE or ABANDON, not ${value ?? 'none'}`,
  );
}

/** A hook as DescribeLifecycleHooks shows it. */
export function shownHook(group: string, hook: LifecycleHook): Struct {
  return {
    LifecycleHookName: hook.name,
    AutoScalingGroupName: group,
    LifecycleTransition: hook.transition,
    HeartbeatTimeout: hook.heartbeatSeconds,
    GlobalTimeout: globalTimeoutSeconds(hook),
    DefaultResult: hook.defaultResult,
    ...(hook.notificationMetadata === undefined ? {} : { NotificationMetadata: hook.notificationMetadata }),
  };
}
