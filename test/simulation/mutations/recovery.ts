// SPDX-License-Identifier: Apache-2.0
import type { ActContext } from '../../../src/act/context.ts';
import { unreadable } from '../../../src/model/disk.ts';
import type { Observation } from '../../../src/model/observation.ts';
import type { ForcedRecord, LineageRecord } from '../../../src/model/records.ts';
import { take } from '../../../src/model/step.ts';
import type { Mutation } from './mutation.ts';
import { deciding } from './seen.ts';

export const RECOVERY_MUTATIONS: readonly Mutation[] = [
  {
    name: 'founded-again-without-its-stamp',
    rule: 'Recovery 6: the owner whose stamp can’t be read may have founded already',
    parts: (parts) => ({
      ...parts,
      decide: (observation) => {
        const record = observation.ensemble ? undefined : ownRecordFromAside(observation);
        if (!record || !observation.disk.fence || !unreadable(observation.disk, 'stamp')) {
          return parts.decide(observation);
        }
        const gone = record.fenced.filter((instance) => instance !== observation.self.instance);
        return take({ kind: 'found-forced', record, gone }, 'This node is the owner.');
      },
      act: (step, context) => parts.act(step, step.kind === 'found-forced' ? withoutUnreadable(context) : context),
    }),
  },
  {
    name: 'unreported-ignored',
    rule: 'Recovery 3: every instance that is not gone for good must have reported',
    seeds: 1000,
    parts: deciding((observation) => {
      const { silence } = observation;
      if (!silence.known) return observation;
      const instances = silence.value.reports.map((found) => found.report.instance);
      const lives = Object.fromEntries(
        Object.entries(observation.lives).map(([instance, life]) => [
          instance,
          instances.includes(instance) || instance === observation.self.instance ? life : ('gone' as const),
        ]),
      );
      return { ...observation, lives, silence: { known: true, value: { ...silence.value, instances } } };
    }),
  },
  {
    name: 'fence-without-stop',
    rule: 'Recovery 3: the server stops before the node says that it is fenced',
    seeds: 1000,
    ports: (ports, node) => ({
      ...ports,
      server: {
        ...ports.server,
        stop: async (signal) => {
          if (!node.disk.fence) await ports.server.stop(signal);
        },
        state: async (signal) => {
          const state = await ports.server.state(signal);
          return node.disk.fence ? { kind: 'stopped' } : state;
        },
      },
    }),
  },
  {
    name: 'ranked-by-accepted-epoch',
    rule: 'Recovery 5: the best data has the highest current epoch; the accepted one rises before data is there',
    ports: (ports) => ({
      ...ports,
      disk: {
        ...ports.disk,
        read: async (signal) => {
          const facts = await ports.disk.read(signal);
          if (!facts.data || facts.data.currentEpoch < 1) return facts;
          return { ...facts, data: { ...facts.data, currentEpoch: facts.data.acceptedEpoch } };
        },
      },
    }),
  },
  {
    name: 'floor-not-raised',
    rule: 'Recovery 6: the owner raises acceptedEpoch to the floor',
    seeds: 1000,
    ports: (ports) => ({ ...ports, disk: { ...ports.disk, raiseAcceptedEpoch: async () => undefined } }),
  },
  {
    name: 'pending-config-kept',
    rule: 'Recovery 6: a left-over .next goes before a forced start',
    ports: (ports, node) => ({
      ...ports,
      disk: {
        ...ports.disk,
        writeConfig: async (config) => {
          const pending = node.disk.pending;
          await ports.disk.writeConfig(config);
          node.disk.pending = pending;
        },
      },
    }),
  },
  {
    name: 'founded-again',
    rule: 'Recovery 6: after the stamp the owner never founds again',
    seeds: 200,
    ports: (ports, node) => ({
      ...ports,
      disk: {
        ...ports.disk,
        read: async (signal) => {
          const facts = await ports.disk.read(signal);
          if (!facts.stamp || facts.stamp.lineage < 2) return facts;
          const key = `lineage/${String(facts.stamp.lineage).padStart(6, '0')}.json`;
          const found = await ports.objects.get(key, signal).catch(() => undefined);
          const record = found && (JSON.parse(found.body) as LineageRecord);
          if (record?.kind !== 'forced' || record.owner.instance !== node.name) return facts;
          return { ...facts, stamp: { ...facts.stamp, lineage: facts.stamp.lineage - 1 } };
        },
      },
    }),
  },
  {
    name: 'aside-not-counted',
    rule: 'Recovery 7: data set aside counts for its own lineage when the owner is gone',
    seeds: 2000,
    withLater: true,
    ports: (ports) => ({
      ...ports,
      disk: {
        ...ports.disk,
        read: async (signal) => {
          const facts = await ports.disk.read(signal);
          // The copy that a recovery itself makes is found again all the same.
          return { ...facts, aside: facts.aside.filter(({ name }) => name.startsWith('source-of-record-')) };
        },
      },
    }),
  },
];

/** The newest record, if this node is its owner and founds from data that it has set aside. */
function ownRecordFromAside({ shared, self, disk }: Observation): ForcedRecord | undefined {
  const newest = shared.known ? shared.value.records.at(-1) : undefined;
  if (newest?.kind !== 'forced' || newest.owner.instance !== self.instance) return undefined;
  return disk.aside.some(({ name }) => name === newest.source.aside) ? newest : undefined;
}

function withoutUnreadable(context: ActContext): ActContext {
  const { disk } = context.ports;
  const read: typeof disk.read = async (signal) => ({ ...(await disk.read(signal)), unreadable: [] });
  return { ...context, ports: { ...context.ports, disk: { ...disk, read } } };
}
