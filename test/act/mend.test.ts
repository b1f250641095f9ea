// SPDX-License-Identifier: Apache-2.0
/** What `mend-files` checks again, and that it writes no more than is missing (Files 3). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { act } from '../../src/act/act.ts';
import { AgentError } from '../../src/errors.ts';
import { toZxid } from '../../src/model/zxid.ts';
import { PRODUCTION_TIMINGS } from '../../src/timings.ts';
import {
  addressOf,
  CLUSTER,
  configOf,
  diskOf,
  forcedOf,
  genesisOf,
  instanceOf,
  recordMember,
} from '../decide/parts.ts';
import type { MemoryNode } from './memory-node.ts';
import { SCENES, type Scene } from './steps.ts';

const signal = new AbortController().signal;
const WRITES = /^disk (id|stamp|committed)/;

async function writesOf({ step, node }: Scene): Promise<readonly string[]> {
  const self = { instance: instanceOf(node.id), address: addressOf(node.id), cluster: CLUSTER };
  await act(step, { ports: node.ports, self, timings: PRODUCTION_TIMINGS, signal });
  return node.journal.filter((entry) => WRITES.test(entry));
}

test('mend-files: id, stamp and committed config', async () => {
  const scene = SCENES['mend-files']();
  assert.equal((await writesOf(scene)).length, 3);
  assert.deepEqual(scene.node.disk.config, configOf([1, 2, 3]));
});

test('mend-files: only what is missing', async () => {
  const scene = SCENES['mend-files']();
  const { config, ...disk } = diskOf(1);
  scene.node.disk = disk;
  assert.deepEqual(
    (await writesOf(scene)).map((entry) => entry.split(' ')[1]),
    ['committed'],
  );
});

test('mend-files: not the stamp of a newer release, which says what this one does not know', async () => {
  const scene = SCENES['mend-files']();
  const stamp = { what: 'stamp', file: '/d/stamp', why: 'it has format 9', newer: true } as const;
  scene.node.disk = { ...scene.node.disk, unreadable: [stamp] };
  assert.deepEqual(
    (await writesOf(scene)).map((entry) => entry.split(' ')[1]),
    ['id', 'committed'],
  );
});

const MEANWHILE: Readonly<Record<string, (node: MemoryNode) => void>> = {
  'the config has moved on': (node) => node.configs.set(addressOf(1), configOf([1, 2, 3], toZxid(0x100000009n))),
  'this node votes no more': (node) => node.configs.set(addressOf(1), configOf([2, 3])),
  'a newer record was written': (node) =>
    node.shelf.put('lineage/000002.json', forcedOf(recordMember(2), { epochFloor: 0 })),
  'the config is of an older record': (node) =>
    node.shelf.put('lineage/000001.json', genesisOf([1, 2, 3], { epochFloor: 1 })),
  'a fence was raised': (node) => {
    node.disk = { ...node.disk, fence: { record: 1 } };
  },
};

for (const [what, change] of Object.entries(MEANWHILE)) {
  test(`mend-files: nothing is written once ${what}`, async () => {
    const scene = SCENES['mend-files']();
    change(scene.node);
    await assert.rejects(
      writesOf(scene),
      (error) => error instanceof AgentError && error.code === 'PRECONDITION_CHANGED',
    );
    assert.ok(!scene.node.journal.some((entry) => WRITES.test(entry)));
  });
}
