// SPDX-License-Identifier: Apache-2.0
/**
 * In which order `found-forced` works, what it looks at once more, and what it leaves wherever it is cut off
 * (Recovery 6).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstVersion } from '../../src/model/first-version.ts';
import { CLUSTER, COMMITTED, configOf, diskOf, forcedOf, instanceOf, recordMember, reportOf } from '../decide/parts.ts';
import { forcedOwner, foundingFromAside, type Scene } from './steps.ts';
import { assertOrder, isChanged, take } from './take.ts';

test('found-forced: reports read again, data copied aside, epoch raised, config alone, and last the stamp', async () => {
  const scene = forcedOwner();
  const journal = await take(scene);
  assertOrder(journal, [
    'list lineage/',
    `get reports/${instanceOf(2)}.json`,
    'server stop',
    'disk copy',
    'disk accepted 5',
    'disk config',
    'disk stamp 2',
  ]);
  assert.equal(scene.node.disk.config?.version, firstVersion({ epochFloor: 5 }));
  assert.equal(journal.at(-1), 'disk stamp 2');
  // The node knows of its own fence, and nobody waits for the gone: each further call would keep a lost quorum waiting.
  const reports = journal.filter((entry) => entry.includes('reports/'));
  assert.deepEqual(reports, [`get reports/${instanceOf(2)}.json`]);
  assert.deepEqual(
    scene.node.disk.config?.members.map(({ id }) => id),
    [1],
  );
  // The fence is lifted by a step of its own, after the report is gone.
  assert.deepEqual(scene.node.disk.fence, { record: 1 });
});

test('found-forced: not when a node that the record names has lifted its fence, unless it is gone for good', async () => {
  const scene = forcedOwner();
  scene.node.shelf.put(`reports/${instanceOf(2)}.json`, {
    serial: 's9',
    report: reportOf(2, { fenced: false }).report,
  });
  await assert.rejects(take(scene), isChanged);
  assert.equal(scene.node.effects, 0);

  const gone = forcedOwner();
  gone.node.shelf.put(`reports/${instanceOf(2)}.json`, { serial: 's9' });
  assert.equal(gone.step.kind, 'found-forced');
  await take({ node: gone.node, step: { ...gone.step, gone: [2, 3].map(instanceOf) } as Scene['step'] });
  assert.equal(gone.node.disk.stamp?.lineage, 2);
});

test('found-forced: not where a stamp that can not be read may be of this record', async () => {
  const torn = forcedOwner();
  const { stamp: _, ...disk } = torn.node.disk;
  torn.node.disk = {
    ...disk,
    data: { currentEpoch: 6, acceptedEpoch: 6, lastZxid: COMMITTED },
    unreadable: [{ what: 'stamp', file: '/d/stamp', why: 'it is empty' }],
  };
  await assert.rejects(take(torn), isChanged);
  assert.equal(torn.node.effects, 0);
});

test('found-forced: not under a newer record, not without the fence, and never again after the stamp', async () => {
  const newer = forcedOwner();
  newer.node.shelf.put('lineage/000003.json', forcedOf(recordMember(2), { number: 3 }));
  await assert.rejects(take(newer), isChanged);
  assert.equal(newer.node.effects, 0);

  const unfenced = forcedOwner();
  unfenced.node.disk = diskOf(1);
  await assert.rejects(take(unfenced), isChanged);
  assert.equal(unfenced.node.effects, 0);

  const stamped = forcedOwner();
  const grown = configOf([1, 4]);
  stamped.node.disk = diskOf(1, {
    fence: { record: 1 },
    stamp: { cluster: CLUSTER, lineage: 2, id: 1 },
    config: grown,
  });
  await take(stamped);
  assert.equal(stamped.node.effects, 0);
  assert.deepEqual(stamped.node.disk.config, grown);
});

test('found-forced from data set aside: that data is served, and what lay in its place is kept', async () => {
  const scene = foundingFromAside();
  const before = scene.node.disk;
  await take(scene);
  assert.equal(scene.node.disk.data?.lastZxid, before.aside[0]?.data.lastZxid);
  assert.ok(scene.node.disk.aside.some((aside) => aside.data.lastZxid === before.data?.lastZxid));
});

test('found-forced: the server starts under the id that the record gives, whatever the disk says', async () => {
  const scene = forcedOwner();
  scene.node.disk = { ...scene.node.disk, id: 4 };
  assertOrder(await take(scene), ['disk id 1', 'disk stamp 2']);
  assert.equal(scene.node.disk.id, 1);
});

test('found-forced from data set aside: the data never lies there without a stamp, for which it would be refused', async () => {
  const scene = foundingFromAside();
  scene.node.onCall = (call) => {
    if (!call.startsWith('disk ') || !scene.node.disk.data) return;
    assert.notEqual(scene.node.disk.stamp, undefined, `there is data without a stamp before "${call}"`);
  };
  assertOrder(await take(scene), ['disk aside', 'disk stamp 1', 'disk restore kept', 'disk stamp 2']);
});
