// SPDX-License-Identifier: Apache-2.0
/** Slots whose addresses are Elastic IPs. The stack tags each with the cluster and the id (Slots 6). */
import type { Address } from '@aws-sdk/client-ec2';
import { HIGHEST_ID, LOWEST_ID } from '../model/claims.ts';
import type { SlotFact } from '../model/cloud.ts';
import type { SlotShelf } from '../ports.ts';
import { UnreadableAnswer } from './aws-errors.ts';
import { type ClientSettings, clientConfig, once, unlogged } from './clients.ts';
import { listed } from './pages.ts';
import type { Caller } from './retry.ts';

const ID_TAG = 'myid';

/** `publicAddress` is the one that the instance has now, by its metadata service. */
export function elasticIpsAdapter(
  settings: ClientSettings,
  caller: Caller,
  publicAddress: SlotShelf['ownAddress'],
): SlotShelf {
  const ready = once(async () => {
    const sdk = await import('./sdk.ts');
    return { sdk, client: unlogged(new sdk.EC2Client(clientConfig(settings))) };
  });

  return {
    kind: 'elastic-ip',
    ownAddress: publicAddress,

    /** EC2 answers with all of them at once: this call has no pages. */
    async list(cluster, signal) {
      const { sdk, client } = await ready();
      const action = { service: 'EC2', action: 'DescribeAddresses', about: `cluster ${cluster}` } as const;
      const input = { Filters: [{ Name: 'tag:zookeeper_cluster', Values: [cluster] }] };
      return caller.request(action, signal, async (abortSignal) => {
        const { Addresses } = await client.send(new sdk.DescribeAddressesCommand(input), { abortSignal });
        return listed(Addresses, 'addresses').flatMap(slotFact);
      });
    },

    /** If an answer was lost, the next attempt is answered like the first: the instance has the address already. */
    async attach({ allocation, address }, instance, signal) {
      const { sdk, client } = await ready();
      const action = { service: 'EC2', action: 'AssociateAddress', about: `${address} (${allocation})` } as const;
      const input = { AllocationId: allocation, InstanceId: instance, AllowReassociation: false };
      return caller.request<'attached' | 'taken'>(
        action,
        signal,
        async (abortSignal) => {
          await client.send(new sdk.AssociateAddressCommand(input), { abortSignal });
          return 'attached';
        },
        ({ code }) => (code === 'Resource.AlreadyAssociated' ? 'taken' : undefined),
      );
    },
  };
}

/**
 * An address without a readable id is no slot. One that stands at a card, and at no instance, is not free: then the
 * card counts as its holder.
 */
function slotFact({ AllocationId, PublicIp, InstanceId, NetworkInterfaceId, Tags }: Address): readonly SlotFact[] {
  if (!AllocationId || !PublicIp) {
    throw new UnreadableAnswer(`an address (${PublicIp ?? AllocationId ?? 'without a name'}) is not described in full`);
  }
  const tag = Tags?.find(({ Key }) => Key === ID_TAG)?.Value ?? '';
  const id = /^[1-9]\d{0,2}$/.test(tag) ? Number(tag) : Number.NaN;
  if (!(id >= LOWEST_ID && id <= HIGHEST_ID)) return [];
  const holder = InstanceId || NetworkInterfaceId;
  return [{ id, address: PublicIp, allocation: AllocationId, ...(holder ? { instance: holder } : {}) }];
}
