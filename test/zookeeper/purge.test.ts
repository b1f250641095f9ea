// SPDX-License-Identifier: Apache-2.0
/** What is purged of a data directory, and how long its logs get (docs/protocol.md, "Disk 4"). */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { logSizesFor } from '../../src/zookeeper/log-sizes.ts';
import { purgeData, whatToPurge } from '../../src/zookeeper/purge.ts';
import { renderZooCfg } from '../../src/zookeeper/zoo-cfg.ts';
import { connectTo, emptyEnsemble } from '../support/real-server.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { until } from './real-node.ts';
import { snapshotOf } from './snapshot-file.ts';

const SIGNAL = new AbortController().signal;
const EPOCH_FILES = ['currentEpoch', 'acceptedEpoch'];

interface Row {
  readonly what: string;
  readonly names: readonly string[];
  readonly broken?: readonly string[];
  readonly goes: readonly string[];
}

const ROWS: readonly Row[] = [
  {
    what: 'of five snapshots the two oldest go, with the log that only the oldest needs',
    names: ['log.1', 'snapshot.0', 'log.5', 'snapshot.4', 'log.9', 'snapshot.8', 'log.d', 'snapshot.c', 'snapshot.10'],
    goes: ['snapshot.0', 'log.1', 'snapshot.4'],
  },
  {
    what: 'the last log that begins before the oldest snapshot that stays may hold what comes after it',
    names: ['snapshot.0', 'log.1', 'snapshot.5', 'snapshot.9', 'log.7', 'snapshot.d'],
    goes: ['snapshot.0'],
  },
  { what: 'three snapshots all stay', names: ['log.1', 'snapshot.0', 'snapshot.4', 'snapshot.8'], goes: [] },
  {
    what: 'a snapshot that is not whole stands for no other one',
    names: ['snapshot.0', 'log.1', 'snapshot.4', 'log.5', 'snapshot.8', 'snapshot.c'],
    broken: ['snapshot.c'],
    goes: [],
  },
  {
    what: 'one that is not whole goes once three later ones are whole',
    names: ['snapshot.0', 'snapshot.4', 'snapshot.8', 'snapshot.c'],
    broken: ['snapshot.0'],
    goes: ['snapshot.0'],
  },
  {
    what: 'zxids are numbers, and an epoch is above every counter',
    names: ['snapshot.fffffffff', 'snapshot.100000000', 'snapshot.200000001', 'snapshot.1000000000', 'log.2'],
    goes: ['snapshot.100000000'],
  },
  {
    what: 'packed snapshots count, and other files are left alone',
    names: ['snapshot.0.gz', 'snapshot.4.snappy', 'snapshot.8.gz', 'snapshot.c', 'notes', ...EPOCH_FILES],
    goes: ['snapshot.0.gz'],
  },
];

for (const { what, names, broken = [], goes } of ROWS) {
  test(what, async () => {
    const found = await whatToPurge(names, async ({ name }) => !broken.includes(name));
    assert.deepEqual(found, goes);
  });
}

test('a snapshot with a wrong checksum, or one that ends before its name, is not one of the three', async () => {
  await using directory = await temporaryDirectory();
  const data = join(directory.path, 'version-2');
  await mkdir(data);
  for (const name of ['snapshot.0', 'snapshot.4', 'snapshot.8']) await writeFile(join(data, name), snapshotOf());
  await writeFile(join(data, 'snapshot.c'), Buffer.concat([snapshotOf(), Buffer.from([0, 0, 0, 1, 0x2f])]));
  await writeFile(join(data, 'snapshot.10'), snapshotOf('of an earlier zxid', 2n));
  const note = join(directory.path, 'note');
  assert.deepEqual(await purgeData(data, note, SIGNAL), { removed: [], bytes: 0 });
  await writeFile(join(data, 'snapshot.14'), snapshotOf());
  const { removed, bytes } = await purgeData(data, note, SIGNAL);
  assert.deepEqual([removed, bytes], [['snapshot.0'], snapshotOf().length]);
});

test('data that gets another name meanwhile is purged under it, and nothing of what came in its place', async () => {
  await using directory = await temporaryDirectory();
  const data = join(directory.path, 'version-2');
  const names = ['snapshot.0', 'snapshot.4', 'snapshot.8', 'snapshot.c'];
  await mkdir(data);
  for (const name of names) await writeFile(join(data, name), snapshotOf());
  const aside = join(directory.path, 'aside');
  // Asked between the look and each removal.
  const throwIfAborted = (): void => {
    if (existsSync(aside)) return;
    renameSync(data, aside);
    mkdirSync(data);
    writeFileSync(join(data, 'snapshot.0'), snapshotOf());
  };
  const signal = Object.assign(new AbortController().signal, { throwIfAborted });
  const { removed } = await purgeData(data, join(directory.path, 'note'), signal);
  assert.deepEqual(removed, ['snapshot.0']);
  assert.deepEqual((await readdir(aside)).toSorted(), names.slice(1).toSorted());
  assert.deepEqual(await readdir(data), ['snapshot.0']);
});

test('the logs of three snapshots take a quarter of the disk at most, and large disks keep the defaults', () => {
  for (const gib of [0.25, 1, 5, 8, 20, 60]) {
    const diskBytes = gib * 2 ** 30;
    const { snapSizeLimitKib = 0, preAllocKib = 0 } = logSizesFor(diskBytes);
    assert.ok(4 * snapSizeLimitKib * 1_024 <= diskBytes / 4, `${gib} GiB`);
    assert.ok(snapSizeLimitKib * 1_024 > diskBytes / 33, `${gib} GiB`);
    assert.ok(preAllocKib > 0 && preAllocKib <= snapSizeLimitKib / 8 && preAllocKib <= 65_536, `${gib} GiB`);
    // As many blocks more or less as a file system may have after a check.
    assert.deepEqual(logSizesFor(diskBytes + 12_288), logSizesFor(diskBytes));
  }
  assert.deepEqual(logSizesFor(undefined), {});
  assert.deepEqual(logSizesFor(2 ** 40), {});
});

test('a real server begins new logs at these sizes, and has everything after a purge and a restart', {
  timeout: 240_000,
}, async () => {
  await using ensemble = await emptyEnsemble(1);
  const { members } = ensemble;
  // A disk of 64 MiB: logs of at most 4 MiB.
  const logs = logSizesFor(2 ** 26);
  const around = { dataDir: '/data', dynamicFile: '/dynamic', tick: { tickTimeMs: 200, initLimit: 10, syncLimit: 5 } };
  const plain = renderZooCfg(around).split('\n');
  const moreLines = renderZooCfg({ ...around, logs })
    .split('\n')
    .filter((line) => !plain.includes(line));
  assert.equal(moreLines.length, 2);
  const server = await ensemble.start(1, { start: 'genesis', members, moreLines });
  await server.untilServing();
  const data = join(server.dataDir, 'version-2');
  const count = async (kind: string): Promise<number> =>
    (await readdir(data)).filter((name) => name.startsWith(kind)).length;
  const client = await connectTo(server);
  let written = 0;
  try {
    await until('six snapshots', async () => {
      for (let at = 0; at < 16; at++) await client.create(`/znode-${written++}`, { data: Buffer.alloc(60_000, 1) });
      return (await count('snapshot.')) >= 6;
    });
  } finally {
    await client.close();
  }
  // Each log was begun before it had 4 MiB, and they hold all that was written since the first snapshot.
  assert.ok((await count('log.')) >= (written * 60_000) / 2 ** 22);
  const { removed } = await purgeData(data, join(ensemble.directory, 'note'), SIGNAL);
  assert.ok(removed.length > 0);
  assert.ok((await count('snapshot.')) >= 3);
  await server.kill();
  const again = await ensemble.start(1);
  await again.untilServing();
  await using reader = await connectTo(again);
  assert.equal((await reader.getChildren('/')).children.filter((name) => name.startsWith('znode-')).length, written);
});
