// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../failure.ts';
import { type Struct, textAt, textsAt } from '../value.ts';
import type { AutoScaling } from './auto-scaling.ts';
import type { Group } from './group.ts';
import { groupNamed } from './group-input.ts';
import { complete, type LifecycleAction } from './lifecycle-action.ts';
import { resultOf, shownHook, withHook } from './lifecycle-hook.ts';

/** Creates or changes a hook. Instances that already wait for it keep the old settings. */
export function putLifecycleHook(scaling: AutoScaling, input: Struct): Struct {
  const group = namedGroup(scaling, input);
  group.hooks = withHook(group.hooks, input);
  return {};
}

/** First completes the outstanding actions: ABANDON for launching instances, CONTINUE for terminating ones. */
export function deleteLifecycleHook(scaling: AutoScaling, input: Struct): Struct {
  const group = namedGroup(scaling, input);
  const name = textAt(input, 'LifecycleHookName');
  const hook = group.hooks.find((one) => one.name === name);
  if (hook === undefined) throw new AwsFailure('ValidationError', 'No Lifecycle Hook found');
  const result = hook.transition === 'autoscaling:EC2_INSTANCE_LAUNCHING' ? 'ABANDON' : 'CONTINUE';
  for (const { action } of activeActions(group)) if (action.hook.name === name) complete(action, result);
  group.hooks = group.hooks.filter((one) => one !== hook);
  scaling.nudge(group.name);
  return {};
}

/** Names without a hook are left out. */
export function describeLifecycleHooks(scaling: AutoScaling, input: Struct): Struct {
  const group = namedGroup(scaling, input);
  const names = textsAt(input, 'LifecycleHookNames');
  const hooks = group.hooks.filter(({ name }) => names.length === 0 || names.includes(name));
  return { LifecycleHooks: hooks.map((hook) => shownHook(group.name, hook)) };
}

export function completeLifecycleAction(scaling: AutoScaling, input: Struct): Struct {
  const result = resultOf(textAt(input, 'LifecycleActionResult'));
  const group = namedGroup(scaling, input);
  complete(activeAction(group, input), result);
  scaling.nudge(group.name);
  return {};
}

/** The heartbeat timeout starts again, but the global timeout still applies. */
export function recordLifecycleActionHeartbeat(scaling: AutoScaling, input: Struct): Struct {
  const group = namedGroup(scaling, input);
  activeAction(group, input).beatAtMs = scaling.cloud.timings.nowMs();
  scaling.nudge(group.name);
  return {};
}

/** Every wait of the group's instances that has no result yet. */
export function activeActions(
  group: Group,
): readonly { readonly instance: string; readonly action: LifecycleAction }[] {
  return [...group.instances.values()].flatMap(({ instance, actions }) =>
    actions.filter(({ result }) => result === undefined).map((action) => ({ instance, action })),
  );
}

/** The action named by an instance, a token, or both together. */
function activeAction(group: Group, input: Struct): LifecycleAction {
  const hook = textAt(input, 'LifecycleHookName');
  const instance = textAt(input, 'InstanceId');
  const token = textAt(input, 'LifecycleActionToken');
  if (instance === undefined && token === undefined) {
    throw new AwsFailure('ValidationError', 'Either an instance ID or a lifecycle action token is needed');
  }
  const found = activeActions(group).find(
    (one) =>
      one.action.hook.name === hook &&
      (token ?? one.action.token) === one.action.token &&
      (instance ?? one.instance) === one.instance,
  );
  if (found !== undefined) return found.action;
  const subject = token === undefined ? `instance ID ${instance}` : `token ${token}`;
  throw new AwsFailure('ValidationError', `No active Lifecycle Action found with ${subject}`);
}

function namedGroup(scaling: AutoScaling, input: Struct): Group {
  return groupNamed(scaling.groups, textAt(input, 'AutoScalingGroupName'));
}
