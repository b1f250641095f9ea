import type { Parts } from '../../../src/loop.ts';
import type { LineageRecord, Report } from '../../../src/model/records.ts';
import type { Mutation } from '../core/mutation.ts';
import { deciding } from './seen.ts';

function withReports(change: (report: Report, newest: number) => Report): (parts: Parts) => Parts {
  return deciding((observation) => {
    const { silence, shared } = observation;
    if (!silence.known || !shared.known) return observation;
    const newest = shared.value.records.length;
    const reports = silence.value.reports.map((found) => ({ ...found, report: change(found.report, newest) }));
    return { ...observation, silence: { known: true, value: { ...silence.value, reports } } };
  });
}

export const RECOVERY_MUTATIONS: readonly Mutation[] = [
  {
    name: 'unreported-ignored',
    rule: 'Recovery 3: every instance that is not gone for good must have reported',
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
    name: 'silent-is-lost',
    rule: 'Words: lost for good counts the gone for good and those that can not vote, not the silent',
    parts: withReports((report) => ({ ...report, canVote: false })),
  },
  {
    name: 'fence-without-stop',
    rule: 'Recovery 3: the server stops before the node says that it is fenced',
    parts: (parts) => ({
      ...parts,
      act: async (step, context) => {
        if (step.kind === 'raise-fence') await context.ports.disk.raiseFence({ record: step.record });
        else if (step.kind !== 'stop-server') await parts.act(step, context);
      },
    }),
  },
  {
    name: 'reports-of-any-record',
    rule: 'Recovery: a report counts only for the record that it names',
    parts: withReports((report, newest) => ({ ...report, record: newest })),
  },
  {
    name: 'report-not-withdrawn',
    rule: 'Recovery 2, 4 and 6: the own report goes before the fence falls',
    ports: (ports) => ({
      ...ports,
      objects: {
        ...ports.objects,
        replace: async (key, body, etag, signal) => {
          const withdrawal = key.startsWith('reports/') && !('report' in (JSON.parse(body) as object));
          return withdrawal ? 'written' : ports.objects.replace(key, body, etag, signal);
        },
      },
    }),
  },
  {
    name: 'records-not-read-again',
    rule: 'Recovery 2 and 4: the fence falls only if no newer record was written meanwhile',
    parts: (parts) => ({
      ...parts,
      act: async (step, context) => {
        if (step.kind !== 'lift-fence') return parts.act(step, context);
        await context.ports.disk.liftFence();
        return parts.act({ kind: 'withdraw-report' }, context);
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
    name: 'facts-seen-once',
    rule: 'Recovery 5: all fenced must be seen twice with equal facts',
    timings: { equalFactsMs: 0 },
  },
  {
    name: 'floor-not-raised',
    rule: 'Recovery 6: the owner raises acceptedEpoch to the floor',
    ports: (ports) => ({ ...ports, disk: { ...ports.disk, raiseAcceptedEpoch: async () => undefined } }),
  },
  {
    name: 'pending-config-kept',
    rule: 'Recovery 6: a left-over .next goes before a forced start',
    ports: (ports, node) => ({
      ...ports,
      disk: {
        ...ports.disk,
        writeConfig: async (members) => {
          const pending = node.disk.pending;
          await ports.disk.writeConfig(members);
          node.disk.pending = pending;
        },
      },
    }),
  },
  {
    name: 'founded-again',
    rule: 'Recovery 6: after the stamp the owner never founds again',
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
    name: 'owner-not-alone',
    rule: 'Recovery 6: everybody whom the record names must still be fenced when its owner begins',
    parts: (parts) => ({
      ...parts,
      act: (step, context) => {
        if (step.kind !== 'found-forced') return parts.act(step, context);
        return parts.act({ ...step, gone: step.record.fenced }, context);
      },
      decide: (observation) => {
        const { shared } = observation;
        if (!shared.known) return parts.decide(observation);
        const records = shared.value.records.map((record) => ({ ...record, fenced: [] }));
        return parts.decide({ ...observation, shared: { known: true, value: { ...shared.value, records } } });
      },
    }),
  },
];
