// SPDX-License-Identifier: Apache-2.0
/** `zk-agent purge` where no server runs: it works only while no run of the agent is at work on the data. */
import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { purge } from '../../src/commands/purge.ts';
import { acquireLock } from '../../src/lock.ts';
import { loadSettings, type Settings } from '../../src/settings.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { snapshotOf } from '../zookeeper/snapshot-file.ts';

const SIGNAL = new AbortController().signal;
const NAMES = ['snapshot.0', 'snapshot.4', 'snapshot.8', 'snapshot.c'];

async function settingsWith(directory: string): Promise<Settings> {
  const data = join(directory, 'version-2');
  await mkdir(data);
  for (const name of NAMES) await writeFile(join(data, name), snapshotOf());
  return loadSettings(
    {},
    {
      CLUSTER: 'orders-4f1c2a90',
      BUCKET: 'orders',
      DATA_DIR: directory,
      LOCK_FILE: join(directory, 'lock'),
      SERVICE: 'process',
      SERVICE_COMMAND: '["/bin/false"]',
      SERVICE_PID_FILE: join(directory, 'pid'),
      SERVICE_LOG_FILE: join(directory, 'server.log'),
    },
  );
}

test('without a server nothing is removed while another run is at work, and old snapshots are once it has ended', async () => {
  await using directory = await temporaryDirectory();
  const settings = await settingsWith(directory.path);
  const lock = await acquireLock(settings.lockFile);
  assert.ok(lock);
  const waits = await purge(settings, true, SIGNAL);
  assert.deepEqual(waits.removed, []);
  assert.match(waits.said, /the server does not run, and another run of the agent is at work/);
  lock.release();
  const { removed, said } = await purge(settings, true, SIGNAL);
  assert.deepEqual(removed, ['snapshot.0']);
  assert.match(said, /^1 old file is removed, 0\.0 MiB: snapshot\.0\. \d+ % of the disk are used now\.$/);
  assert.deepEqual((await readdir(join(directory.path, 'version-2'))).toSorted(), NAMES.slice(1).toSorted());
  const after = await acquireLock(settings.lockFile);
  assert.ok(after, 'The purge gave its lock back.');
  after.release();
});

test('without --now nothing is removed while much of the disk is free', async () => {
  await using directory = await temporaryDirectory();
  const settings = await settingsWith(directory.path);
  const space = { freeShare: 0.41, diskBytes: 2 ** 30 };
  const { removed, said } = await purge(settings, false, SIGNAL, async () => space);
  assert.deepEqual(removed, []);
  assert.equal(said, 'Nothing is removed: 59 % of the disk are used, and purging begins at 60 %.');
  const unknown = await purge(settings, false, SIGNAL, async () => ({}));
  assert.match(unknown.said, /does not say how much of the disk is free/);
  const full = await purge(settings, false, SIGNAL, async () => ({ ...space, freeShare: 0.4 }));
  assert.deepEqual(full.removed, ['snapshot.0']);
});
