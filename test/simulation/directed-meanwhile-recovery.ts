// SPDX-License-Identifier: Apache-2.0
/** What can happen between a look and its step, re-check by re-check (meanwhile.ts): recovery by force. */
import assert from 'node:assert/strict';
import { createOutcome } from '../../src/registry/lineage.ts';
import type { Case } from './directed-cases.ts';
import { meanwhile } from './meanwhile.ts';
import { lateReport, laterRecord, lose, unfence } from './moments.ts';

export const MEANWHILE_RECOVERY_CASES: readonly Case[] = [
  meanwhile({
    name: 'a proposal is void before its record is accepted',
    nodes: 3,
    step: 'accept-record',
    lead: lose(1),
    happens: async ({ step, context }) => {
      const { proposal, record } = step;
      const { ports, signal } = context;
      await createOutcome(ports.objects, { kind: 'void', proposal, number: record.number }, signal);
      return () => undefined;
    },
    refuses: /is void/,
  }),
  meanwhile({
    name: 'a node that can not answer has no report any more when the record is accepted',
    nodes: 3,
    step: 'accept-record',
    lead: lose(1),
    happens: ({ step }) => {
      Object.assign(step.unasked, { 'i-9999': 'its facts' });
      return () => undefined;
    },
    refuses: /report of i-9999 is another one/,
  }),
  ...(['propose-record', 'accept-record', 'keep-source', 'found-forced'] as const).map((step) =>
    meanwhile({
      name: `the fence is gone before ${step}`,
      nodes: 3,
      step,
      lead: lose(1),
      happens: unfence,
      refuses: /fence is gone/,
    }),
  ),
  meanwhile({
    name: 'a record is written before a fence falls',
    nodes: 3,
    step: 'lift-fence',
    lead: lose(1),
    happens: laterRecord,
    refuses: /the fence stays/,
  }),
  meanwhile({
    name: 'a record is written before the owner of the last one founds',
    nodes: 3,
    step: 'found-forced',
    lead: lose(1),
    happens: laterRecord,
    refuses: /was written meanwhile/,
  }),
  meanwhile({
    name: 'the stamp of the owner can not be read any more as it founds, and its data may be of the record',
    nodes: 3,
    step: 'found-forced',
    lead: lose(1),
    happens: ({ node: { disk } }) => {
      const { data } = disk;
      assert.ok(data);
      const { currentEpoch } = data;
      disk.torn.add('stamp');
      // As it would be once its ensemble had a leader.
      data.currentEpoch += 0x2_0000;
      return () => {
        disk.torn.delete('stamp');
        data.currentEpoch = currentEpoch;
      };
    },
    refuses: /may have founded the ensemble of record 2 before/,
  }),
  meanwhile({
    name: 'a node whom the record names is not fenced any more when its owner founds',
    nodes: 5,
    step: 'found-forced',
    lead: lose(2),
    happens: ({ scenario, node }) => {
      const { objects } = scenario.world.cloud;
      const other = scenario.nodes.find((each) => each !== node && objects.get(`reports/${each.name}.json`));
      const key = `reports/${other?.name}.json`;
      const body = objects.get(key)?.body;
      assert.ok(body);
      objects.put(key, body.replace('"fenced":true', '"fenced":false'));
      return () => objects.put(key, body);
    },
    refuses: /not fenced any more/,
  }),
  ...(['write-report', 'lift-fence', 'propose-record'] as const).map((step) =>
    meanwhile({
      name: `an earlier write of the report arrives before ${step}`,
      nodes: 3,
      step,
      lead: lose(1),
      happens: lateReport,
      refuses: step === 'propose-record' ? /another one by now/ : /arrived late/,
    }),
  ),
];
