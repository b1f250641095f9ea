import type { LineageRecord } from '../../../src/model/records.ts';
import type { Mutation } from '../core/mutation.ts';
import { deciding } from './seen.ts';

export const RECOVERY_MUTATIONS: readonly Mutation[] = [
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
