// SPDX-License-Identifier: Apache-2.0
import type { AutoScalingGroup } from '@aws-sdk/client-auto-scaling';
import { AgentError } from '../errors.ts';
import type { GroupFact } from '../model/cloud.ts';
import type { AutoScaling } from '../ports.ts';
import { type CallFailure, UnreadableAnswer } from './aws-errors.ts';
import { type ClientSettings, clientConfig, once, unlogged } from './clients.ts';
import { allPages, listed } from './pages.ts';
import type { Caller } from './retry.ts';

const MAINTENANCE_TAG = 'zookeeper_maintenance';

export function autoScalingAdapter(settings: ClientSettings, caller: Caller): AutoScaling {
  const ready = once(async () => {
    const sdk = await import('./sdk.ts');
    return { sdk, client: unlogged(new sdk.AutoScalingClient(clientConfig(settings))) };
  });

  return {
    async groupOf(instance, signal) {
      const { sdk, client } = await ready();
      const action = { service: 'Auto Scaling', action: 'DescribeAutoScalingInstances', about: instance } as const;
      const found = await caller.within(action, signal, ({ request }) =>
        allPages((token) =>
          request(action, async (abortSignal) => {
            const input = { InstanceIds: [instance], ...(token === undefined ? {} : { NextToken: token }) };
            const page = await client.send(new sdk.DescribeAutoScalingInstancesCommand(input), { abortSignal });
            return { items: listed(page.AutoScalingInstances, 'instances'), next: page.NextToken };
          }),
        ),
      );
      return found.find(({ InstanceId }) => InstanceId === instance)?.AutoScalingGroupName;
    },

    async describe(group, signal) {
      const { sdk, client } = await ready();
      const action = { service: 'Auto Scaling', action: 'DescribeAutoScalingGroups', about: group } as const;
      const found = await caller.within(action, signal, ({ request }) =>
        allPages((token) =>
          request(action, async (abortSignal) => {
            const input = { AutoScalingGroupNames: [group], ...(token === undefined ? {} : { NextToken: token }) };
            const page = await client.send(new sdk.DescribeAutoScalingGroupsCommand(input), { abortSignal });
            return { items: listed(page.AutoScalingGroups, 'groups').map(groupFact), next: page.NextToken };
          }),
        ),
      );
      const fact = found.find(({ name }) => name === group);
      if (fact === undefined) {
        throw new AgentError(
          'NO_GROUP',
          `There is no Auto Scaling group ${group} in the region of this node.`,
          'Check the group and the region of the node; a group that was deleted takes its nodes with it.',
        );
      }
      return fact;
    },

    async setMaintenance(group, on, signal) {
      const { sdk, client } = await ready();
      const tag = {
        ResourceId: group,
        ResourceType: 'auto-scaling-group',
        Key: MAINTENANCE_TAG,
        Value: on ? 'on' : 'off',
        PropagateAtLaunch: false,
      };
      await caller.request(
        { service: 'Auto Scaling', action: 'CreateOrUpdateTags', about: group },
        signal,
        (abortSignal) => client.send(new sdk.CreateOrUpdateTagsCommand({ Tags: [tag] }), { abortSignal }),
      );
    },

    async completeHook(group, hook, instance, result, signal) {
      const { sdk, client } = await ready();
      const action = {
        service: 'Auto Scaling',
        action: 'CompleteLifecycleAction',
        about: `${hook} ${instance}`,
      } as const;
      const input = {
        AutoScalingGroupName: group,
        LifecycleHookName: hook,
        InstanceId: instance,
        LifecycleActionResult: result,
      };
      await caller.request<unknown>(
        action,
        signal,
        (abortSignal) => client.send(new sdk.CompleteLifecycleActionCommand(input), { abortSignal }),
        // Somebody else completed the action, or the hook's time is up. Either way the hook no longer holds the
        // instance.
        (failure) => (isOver(failure) ? 'over' : undefined),
      );
    },

    async heartbeat(group, hook, instance, signal) {
      const { sdk, client } = await ready();
      const action = {
        service: 'Auto Scaling',
        action: 'RecordLifecycleActionHeartbeat',
        about: `${hook} ${instance}`,
      } as const;
      const input = { AutoScalingGroupName: group, LifecycleHookName: hook, InstanceId: instance };
      return caller.request<'recorded' | 'over'>(
        action,
        signal,
        async (abortSignal) => {
          await client.send(new sdk.RecordLifecycleActionHeartbeatCommand(input), { abortSignal });
          return 'recorded';
        },
        (failure) => (isOver(failure) ? 'over' : undefined),
      );
    },

    async hookLimitMs(group, hook, signal) {
      const { sdk, client } = await ready();
      const action = { service: 'Auto Scaling', action: 'DescribeLifecycleHooks', about: `${group} ${hook}` } as const;
      const input = { AutoScalingGroupName: group, LifecycleHookNames: [hook] };
      return caller.request(action, signal, async (abortSignal) => {
        const { LifecycleHooks } = await client.send(new sdk.DescribeLifecycleHooksCommand(input), { abortSignal });
        const found = listed(LifecycleHooks, 'hooks').find(({ LifecycleHookName }) => LifecycleHookName === hook);
        if (found === undefined) return undefined;
        const { GlobalTimeout: limitSeconds } = found;
        if (limitSeconds === undefined) throw new UnreadableAnswer(`the hook ${hook} lacks its limit`);
        return limitSeconds * 1_000;
      });
    },
  };
}

/**
 * The error is `No active Lifecycle Action found with instance ID i-…`, a ValidationError. That code has other causes
 * too, so the message decides.
 */
function isOver({ code, cause }: CallFailure): boolean {
  return code === 'ValidationError' && cause instanceof Error && /no active lifecycle action/i.test(cause.message);
}

function groupFact(group: AutoScalingGroup): GroupFact {
  const { AutoScalingGroupName: name, DesiredCapacity: desired, MaxSize: maximum } = group;
  if (name === undefined || desired === undefined || maximum === undefined) {
    throw new UnreadableAnswer(`the group ${name ?? 'without name'} lacks its sizes`);
  }
  const instances = (group.Instances ?? []).map(({ InstanceId, LifecycleState }) => {
    if (!InstanceId || !LifecycleState) throw new UnreadableAnswer(`an instance of ${name} lacks its id or its state`);
    return { instance: InstanceId, lifecycleState: LifecycleState };
  });
  return {
    name,
    desired,
    maximum,
    instances,
    // A value that this project does not write counts as on: an unknown fact never permits anything.
    maintenance: isInMaintenance(group.Tags),
    suspended: (group.SuspendedProcesses ?? []).flatMap(({ ProcessName }) => ProcessName ?? []),
  };
}

/** By the tags of its group. Any other value than `off` counts, as a person may have written it. */
export function isInMaintenance(tags: AutoScalingGroup['Tags']): boolean {
  const value = tags?.find(({ Key }) => Key === MAINTENANCE_TAG)?.Value;
  return value !== undefined && value !== 'off';
}
