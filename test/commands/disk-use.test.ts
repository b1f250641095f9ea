// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { asideWithSize, leftoversWithSize } from '../../src/commands/disk-use.ts';
import { ensembleOf } from '../decide/parts.ts';
import { healthy, silent } from '../decide/situations.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const FACTS = { name: 'kept', lineage: 1, data: { currentEpoch: 1, acceptedEpoch: 1, lastZxid: '0000000100000001' } };

async function fill(folder: string, bytes: number): Promise<void> {
  await mkdir(join(folder, 'version-2'), { recursive: true });
  await writeFile(join(folder, 'version-2', 'log.1'), Buffer.alloc(bytes));
}

test('what lies aside has its size, also while its move is not finished', async () => {
  await using directory = await temporaryDirectory();
  await fill(join(directory.path, 'aside', '.kept.moving'), 700);
  assert.equal((await asideWithSize(directory.path, FACTS, healthy())).sizeBytes, 700);
  await fill(join(directory.path, 'aside', 'kept'), 900);
  const aside = await asideWithSize(directory.path, FACTS, healthy());
  assert.equal(aside.sizeBytes, 900);
  assert.equal(aside.remove?.path, join(directory.path, 'aside', 'kept'));
});

test('what lies aside is removed by nobody before every voter serves', async () => {
  await using directory = await temporaryDirectory();
  await fill(join(directory.path, 'aside', 'kept'), 900);
  const two = healthy({ ensemble: ensembleOf([1, 2, 3], { servingIds: [1, 3] }) });
  for (const seen of [two, silent()]) {
    assert.equal((await asideWithSize(directory.path, FACTS, seen)).remove, undefined);
  }
});

test('a half copy is listed with its size', async () => {
  await using directory = await temporaryDirectory();
  const dataDir = directory.path;
  const half = join(dataDir, 'aside', '.source-of-record-2.copying');
  await fill(half, 5_000);
  const confDir = join(dataDir, 'conf');
  const places = { dataDir, confDir, idFile: join(dataDir, 'myid'), dynamicFile: join(confDir, 'zoo.cfg.dynamic') };
  assert.deepEqual(await leftoversWithSize(places), [{ path: half, sizeBytes: 5_000 }]);
});
