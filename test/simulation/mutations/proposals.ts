// SPDX-License-Identifier: Apache-2.0
import type { ObjectStore } from '../../../src/ports.ts';
import type { Mutation } from './mutation.ts';
import { deciding } from './seen.ts';

/** For the simulated bucket: whatever is there. No agent asks for that. */
const ANY_ETAG = '*';
const OUTCOME = /^lineage\/\d{6}\/outcomes\//;

function withObjects(change: (objects: ObjectStore) => Partial<ObjectStore>): NonNullable<Mutation['ports']> {
  return (ports) => ({ ...ports, objects: { ...ports.objects, ...change(ports.objects) } });
}

export const PROPOSAL_MUTATIONS: readonly Mutation[] = [
  {
    name: 'nobody-answers',
    rule: 'Recovery 9: a record counts only once every node that it names has answered',
    from: 80,
    seeds: 2000,
    withLater: true,
    parts: deciding((observation) => {
      const { silence } = observation;
      if (!silence.known) return observation;
      const reports = silence.value.reports.map((found) => {
        if (found.report.instance === observation.self.instance) return found;
        const { format: _, binds: __, ...asBefore } = found;
        return asBefore;
      });
      return { ...observation, silence: { known: true, value: { ...silence.value, reports } } };
    }),
  },
  {
    name: 'withdrawn-unsettled',
    rule: 'Recovery 9: a bound node changes its report only after the outcome of the proposal',
    from: 80,
    seeds: 2000,
    withLater: true,
    ports: withObjects((objects) => ({
      createOnce: async (key, body, signal) => {
        if (OUTCOME.test(key) && body.includes('"kind":"void"')) return 'created';
        return objects.createOnce(key, body, signal);
      },
    })),
  },
  {
    name: 'answer-unconditional',
    rule: 'Recovery 9: a node answers on condition of the very report that was judged',
    ports: withObjects((objects) => ({
      replace: async (key, body, etag, signal) => {
        if (!body.includes('"kind":"answers"')) return objects.replace(key, body, etag, signal);
        return objects.replace(key, body, ANY_ETAG, signal);
      },
    })),
  },
];
