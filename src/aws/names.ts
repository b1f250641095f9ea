// SPDX-License-Identifier: Apache-2.0
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { AgentError } from '../errors.ts';
import type { NameRecord } from '../model/names.ts';
import type { Names } from '../ports.ts';
import type { NameSettings } from '../settings.ts';
import { UnreadableAnswer } from './aws-errors.ts';
import { type ClientSettings, clientConfig, once, unlogged } from './clients.ts';
import { listed } from './pages.ts';
import type { Caller } from './retry.ts';

/** A cluster has a few names; a zone that goes on for longer is answered in a way that can't be understood. */
const MOST_PAGES = 10;
const SETS_PER_PAGE = 300;
const INSYNC_POLL_MS = 1_000;
/** Route 53 mostly says INSYNC within a minute. After this the step ends, and is done again. */
const MOST_ASKS = 180;

/** Route 53: the records of one cluster in one private zone. */
export function namesAdapter(zone: NameSettings, settings: ClientSettings, caller: Caller): Names {
  const ready = once(async () => {
    const sdk = await import('./sdk.ts');
    return { sdk, client: unlogged(new sdk.Route53Client(clientConfig(settings))) };
  });
  const HostedZoneId = zone.zoneId;
  const isOurs = (name: string): boolean => name === zone.domain || name.endsWith(`.${zone.domain}`);

  return {
    async read(signal) {
      const { sdk, client } = await ready();
      const action = { service: 'Route 53', action: 'ListResourceRecordSets', about: zone.domain } as const;
      return caller.within(action, signal, async ({ request }) => {
        const found: NameRecord[] = [];
        let start: Parameters<typeof startOf>[0] | undefined;
        for (let page = 0; page < MOST_PAGES; page++) {
          const from = start === undefined ? { StartRecordName: zone.domain } : startOf(start);
          const answer = await request(action, (abortSignal) =>
            client.send(new sdk.ListResourceRecordSetsCommand({ HostedZoneId, MaxItems: SETS_PER_PAGE, ...from }), {
              abortSignal,
            }),
          );
          const sets = listed(answer.ResourceRecordSets, 'record sets');
          // The list goes on behind the names of this cluster.
          const ours = sets.filter(({ Name = '' }) => isOurs(Name.toLowerCase()));
          found.push(...ours.filter(({ Type }) => Type === 'A').map(recordOf));
          if (answer.IsTruncated !== true || ours.length < sets.length) return found;
          start = answer;
        }
        throw new UnreadableAnswer(`the zone ${zone.zoneId} has more than ${MOST_PAGES} pages below ${zone.domain}`);
      });
    },

    async replace(there, wanted, signal) {
      const { sdk, client } = await ready();
      const Changes = [
        ...there.map((record) => ({ Action: 'DELETE' as const, ResourceRecordSet: setOf(record) })),
        ...wanted.map((record) => ({ Action: 'CREATE' as const, ResourceRecordSet: setOf(record) })),
      ];
      const action = { service: 'Route 53', action: 'ChangeResourceRecordSets', about: zone.domain } as const;
      const command = new sdk.ChangeResourceRecordSetsCommand({ HostedZoneId, ChangeBatch: { Changes } });
      const id = await caller.request<string | 'conflict'>(
        action,
        signal,
        async (abortSignal) => {
          const { ChangeInfo } = await client.send(command, { abortSignal });
          if (!ChangeInfo?.Id) throw new UnreadableAnswer('a change has no id');
          return ChangeInfo.Id;
        },
        // A batch is done as a whole or not at all. After a lost answer the first one may have been done: look again.
        (failure) => (failure.code === 'InvalidChangeBatch' ? 'conflict' : undefined),
      );
      if (id === 'conflict') return 'conflict';
      for (let asks = 0; asks < MOST_ASKS; asks++) {
        const asked = { service: 'Route 53', action: 'GetChange', about: id } as const;
        const status = await caller.request(asked, signal, async (abortSignal) => {
          const { ChangeInfo } = await client.send(new sdk.GetChangeCommand({ Id: id }), { abortSignal });
          return ChangeInfo?.Status;
        });
        if (status === 'INSYNC') return 'insync';
        await caller.pause(INSYNC_POLL_MS, signal);
      }
      throw new AgentError(
        'AWS_UNAVAILABLE',
        `Route 53 took the change ${id} of ${zone.domain}, and does not say INSYNC.`,
        'Nothing: the next look asks for it anew.',
      );
    },
  };
}

interface NextPage {
  readonly NextRecordName?: string | undefined;
  readonly NextRecordType?: ResourceRecordSet['Type'];
  readonly NextRecordIdentifier?: string | undefined;
}

function startOf({ NextRecordName, NextRecordType, NextRecordIdentifier }: NextPage) {
  if (NextRecordName === undefined || NextRecordType === undefined) {
    throw new UnreadableAnswer('a page of record sets does not say where the next one begins');
  }
  return {
    StartRecordName: NextRecordName,
    StartRecordType: NextRecordType,
    ...(NextRecordIdentifier === undefined ? {} : { StartRecordIdentifier: NextRecordIdentifier }),
  };
}

function recordOf({ Name, SetIdentifier, TTL, ResourceRecords }: ResourceRecordSet): NameRecord {
  if (!Name || TTL === undefined) throw new UnreadableAnswer(`the record set ${Name ?? 'without a name'} has no TTL`);
  return {
    name: Name.toLowerCase(),
    ...(SetIdentifier === undefined ? {} : { identifier: SetIdentifier }),
    ttlSeconds: TTL,
    addresses: listed(ResourceRecords, 'records').map(({ Value }) => Value ?? ''),
  };
}

function setOf({ name, identifier, ttlSeconds, addresses }: NameRecord): ResourceRecordSet {
  return {
    ...{ Name: name, Type: 'A' as const, TTL: ttlSeconds },
    ResourceRecords: addresses.map((Value) => ({ Value })),
    ...(identifier === undefined ? {} : { SetIdentifier: identifier, MultiValueAnswer: true }),
  };
}
