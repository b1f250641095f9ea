// SPDX-License-Identifier: Apache-2.0
import type { Filter, Instance } from '@aws-sdk/client-ec2';
import type { InstanceFact, InstanceState } from '../model/cloud.ts';
import type { Ec2 } from '../ports.ts';
import { UnreadableAnswer } from './aws-errors.ts';
import { type ClientSettings, clientConfig, once, unlogged } from './clients.ts';
import { allPages, listed } from './pages.ts';
import type { Caller } from './retry.ts';

/** EC2 takes up to 200 values in a filter. */
const IDS_PER_CALL = 100;
const NAMES_TAG = 'zookeeper_names';
const STATES: ReadonlySet<string> = new Set<InstanceState>([
  ...(['pending', 'running', 'shutting-down', 'terminated', 'stopping', 'stopped'] as const),
]);

export function ec2Adapter(settings: ClientSettings, caller: Caller): Ec2 {
  const ready = once(async () => {
    const sdk = await import('./sdk.ts');
    return { sdk, client: unlogged(new sdk.EC2Client(clientConfig(settings))) };
  });

  const list = (filters: readonly Filter[], about: string, signal: AbortSignal): Promise<InstanceFact[]> => {
    const action = { service: 'EC2', action: 'DescribeInstances', about } as const;
    return caller.within(action, signal, async ({ request }) => {
      const { sdk, client } = await ready();
      const found: InstanceFact[] = [];
      for (const filter of filters) {
        const instances = await allPages((token) =>
          request(action, async (abortSignal) => {
            const input = {
              Filters: [filter],
              MaxResults: 1_000,
              ...(token === undefined ? {} : { NextToken: token }),
            };
            const page = await client.send(new sdk.DescribeInstancesCommand(input), { abortSignal });
            const items = listed(page.Reservations, 'reservations').flatMap(
              (reservation) => reservation.Instances ?? [],
            );
            return { items: items.map(instanceFact), next: page.NextToken };
          }),
        );
        found.push(...instances);
      }
      return found;
    });
  };

  return {
    async describe(instances, signal) {
      const filters: Filter[] = [];
      for (let start = 0; start < instances.length; start += IDS_PER_CALL) {
        filters.push({ Name: 'instance-id', Values: instances.slice(start, start + IDS_PER_CALL) });
      }
      if (filters.length === 0) return [];
      return list(filters, instances.length === 1 ? `${instances[0]}` : `${instances.length} instances`, signal);
    },

    describeCluster(cluster, signal) {
      return list([{ Name: 'tag:zookeeper_cluster', Values: [cluster] }], `cluster ${cluster}`, signal);
    },

    async isForgotten(instance, signal) {
      const { sdk, client } = await ready();
      return caller.request<boolean>(
        { service: 'EC2', action: 'DescribeInstances', about: instance },
        signal,
        async (abortSignal) => {
          await client.send(new sdk.DescribeInstancesCommand({ InstanceIds: [instance] }), { abortSignal });
          // Only the error below is proof. Any other answer is not, even an empty one.
          return false;
        },
        (failure) => (failure.code === 'InvalidInstanceID.NotFound' ? true : undefined),
      );
    },

    async tag(instance, tags, signal) {
      const { sdk, client } = await ready();
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      await caller.request({ service: 'EC2', action: 'CreateTags', about: instance }, signal, (abortSignal) =>
        client.send(new sdk.CreateTagsCommand({ Resources: [instance], Tags }), { abortSignal }),
      );
    },
  };
}

function instanceFact({ InstanceId, State, PrivateIpAddress, Tags }: Instance): InstanceFact {
  const state = State?.Name;
  if (!InstanceId || state === undefined || !STATES.has(state)) {
    throw new UnreadableAnswer(`an instance (${InstanceId ?? 'without id'}) has the state ${state ?? 'nothing'}`);
  }
  // EC2 drops the address of a terminated instance after a while, so nothing may rely on it in the meantime.
  const address = state === 'terminated' || !PrivateIpAddress ? {} : { address: PrivateIpAddress };
  const names = Tags?.find(({ Key }) => Key === NAMES_TAG)?.Value;
  return { instance: InstanceId, state, ...address, ...(names ? { names } : {}) };
}
