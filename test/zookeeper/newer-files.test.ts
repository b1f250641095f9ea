// SPDX-License-Identifier: Apache-2.0
/**
 * Files of a node that a newer release wrote (docs/protocol.md, "Words"). What this release does not know in them is
 * kept, and a newer format is unknown.
 */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { UNREADABLE_FENCE, unreadable } from '../../src/model/disk.ts';
import { FORMATS } from '../../src/model/formats.ts';
import type { NodeDisk } from '../../src/ports.ts';
import { LAB_TICK } from '../../src/timings.ts';
import { nodeDisk } from '../../src/zookeeper/node-disk.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { snapshotOf } from './snapshot-file.ts';

const SIGNAL = new AbortController().signal;
const STAMP = { cluster: 'c', lineage: 1, id: 1 };

interface Written extends AsyncDisposable {
  readonly disk: NodeDisk;
  readonly dataDir: string;
  /** The file of the agent's own with this name, as it is parsed. */
  fields(...path: readonly string[]): Promise<Record<string, unknown>>;
  edit(path: readonly string[], fields: object): Promise<void>;
}

/** A node with data and a stamp. */
async function written(): Promise<Written> {
  const directory = await temporaryDirectory();
  const [dataDir, confDir] = [join(directory.path, 'data'), join(directory.path, 'conf')];
  await mkdir(join(dataDir, 'version-2'), { recursive: true });
  await mkdir(confDir);
  await writeFile(join(dataDir, 'version-2', 'snapshot.0'), snapshotOf());
  const disk = nodeDisk({
    dataDir,
    confDir,
    idFile: join(dataDir, 'myid'),
    dynamicFile: join(confDir, 'zoo.cfg.dynamic'),
    cluster: STAMP.cluster,
    tick: LAB_TICK,
    // The machine's own would name the volume that these tests run on.
    sysfs: 'none',
  });
  await disk.writeStamp(STAMP);
  const fields = async (...path: readonly string[]): Promise<Record<string, unknown>> =>
    JSON.parse(await readFile(join(dataDir, ...path), 'utf8'));
  return {
    disk,
    dataDir,
    fields,
    edit: async (path, more) =>
      writeFile(join(dataDir, ...path), JSON.stringify({ ...(await fields(...path)), ...more })),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

const OWN_STAMP = ['zk-agent', 'stamp.json'] as const;

describe('a file of a newer release', () => {
  it('a field of a stamp that is not known is kept when the stamp is written again', async () => {
    await using node = await written();
    await node.edit(OWN_STAMP, { later: { deep: true } });
    await node.disk.writeStamp({ ...STAMP, lineage: 2 });
    assert.deepEqual(await node.fields(...OWN_STAMP), {
      format: FORMATS.stamp,
      later: { deep: true },
      ...STAMP,
      lineage: 2,
    });
    assert.equal((await node.disk.read(SIGNAL)).stamp?.lineage, 2);
  });

  it('and when the data is put back from aside', async () => {
    await using node = await written();
    await node.edit(OWN_STAMP, { later: 1 });
    await node.disk.setDataAside('away');
    await node.disk.restoreAside('away');
    assert.deepEqual(await node.fields(...OWN_STAMP), { format: FORMATS.stamp, later: 1, ...STAMP });
    assert.deepEqual(await node.fields('aside', 'away', 'stamp.json'), { format: FORMATS.stamp, ...STAMP, later: 1 });
  });

  it('a newer stamp stays a stamp when its data is copied aside, and the data is unknown', async () => {
    await using node = await written();
    await node.edit(OWN_STAMP, { format: FORMATS.stamp + 1 });
    await node.disk.copyDataAside('kept');
    assert.ok((await readdir(join(node.dataDir, 'aside', 'kept'))).includes('stamp.json'));
    const facts = await node.disk.read(SIGNAL);
    assert.deepEqual(facts.aside, []);
    assert.equal(unreadable(facts, 'aside')?.newer, true);
  });

  it('a fence says its format, and a newer one is a fence for an unknown record', async () => {
    await using node = await written();
    await node.disk.raiseFence({ record: 1 });
    const fence = ['zk-agent', 'fence.json'] as const;
    assert.deepEqual(await node.fields(...fence), { format: FORMATS.fence, record: 1 });
    assert.deepEqual((await node.disk.read(SIGNAL)).fence, { record: 1 });
    await node.edit(fence, { format: FORMATS.fence + 1 });
    const facts = await node.disk.read(SIGNAL);
    assert.deepEqual(facts.fence, UNREADABLE_FENCE);
    assert.equal(unreadable(facts, 'fence')?.newer, true);
  });

  it('a note is unknown when it is newer, and keeps what is not known when it is not', async () => {
    await using node = await written();
    const note = ['zk-agent', 'occasions.json'] as const;
    await node.disk.note('set-aside', 1);
    await node.edit(note, { later: [9] });
    await node.disk.note('set-aside', 2);
    assert.deepEqual(await node.fields(...note), {
      format: FORMATS.note,
      'fresh-config': [],
      'set-aside': [1, 2],
      later: [9],
    });
    await node.edit(note, { format: FORMATS.note + 1 });
    assert.deepEqual((await node.disk.read(SIGNAL)).occasions, { 'fresh-config': [], 'set-aside': [] });
  });

  it('a newer note of a state or of a failed start counts as none', async () => {
    await using node = await written();
    assert.equal(await node.disk.inStateSince('Pending:Wait', 5), 5);
    assert.equal(await node.disk.inStateSince('Pending:Wait', 6), 5);
    await node.edit(['zk-agent', 'lifecycle-state.json'], { format: FORMATS.note + 1 });
    assert.equal(await node.disk.inStateSince('Pending:Wait', 7), 7);
    await node.disk.noteFailedStart('It ended.');
    assert.match((await node.disk.read(SIGNAL)).data?.damage ?? '', /It ended/);
    await node.edit(['zk-agent', 'failed-start.json'], { format: FORMATS.note + 1 });
    assert.equal((await node.disk.read(SIGNAL)).data?.damage, undefined);
  });

  it('newer facts of data set aside are found out again from the data', async () => {
    await using node = await written();
    await node.disk.copyDataAside('kept');
    const facts = ['aside', 'kept', 'facts.json'] as const;
    const { data } = await node.fields(...facts);
    await node.edit(facts, { format: FORMATS.note + 1, data: { ...(data as object), currentEpoch: 77 } });
    assert.deepEqual((await node.disk.read(SIGNAL)).aside[0]?.data, data);
  });
});
