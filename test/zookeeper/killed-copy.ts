// SPDX-License-Identifier: Apache-2.0
/**
 * On a small disk that is mounted on /mnt: a copy of its data is killed when it is half there, and then made by another
 * process. Prints what lies aside after each. With an argument: the process that is killed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, statfs, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { LAB_TICK } from '../../src/timings.ts';
import { nodeDisk } from '../../src/zookeeper/node-disk.ts';
import { snapshotOf } from './snapshot-file.ts';

const MEBIBYTE = 2 ** 20;
const DATA_BYTES = 60 * MEBIBYTE;
const FREE_WHEN_KILLED = 120 * MEBIBYTE;
const NAME = 'source-of-record-2';
const OPTIONS = {
  dataDir: '/mnt/data',
  confDir: '/mnt/conf',
  idFile: '/mnt/data/myid',
  dynamicFile: '/mnt/conf/zoo.cfg.dynamic',
  cluster: 'c-1',
  tick: LAB_TICK,
};

async function freeBytes(): Promise<number> {
  const { bavail, bsize } = await statfs('/mnt');
  return bavail * bsize;
}

async function killedHalfWay(): Promise<void> {
  const copying = spawn(process.execPath, [import.meta.filename, 'copy'], { stdio: 'ignore' });
  const gone = once(copying, 'exit');
  while ((await freeBytes()) > FREE_WHEN_KILLED && copying.exitCode === null) await sleep(1);
  copying.kill('SIGKILL');
  await gone;
}

if (process.argv[2] === 'copy') {
  await nodeDisk(OPTIONS).copyDataAside(NAME);
} else {
  await mkdir('/mnt/data/version-2', { recursive: true });
  await mkdir('/mnt/conf');
  await writeFile('/mnt/data/version-2/snapshot.0', snapshotOf());
  await writeFile('/mnt/data/version-2/large', Buffer.alloc(DATA_BYTES, 7));
  await writeFile('/mnt/data/version-2/currentEpoch', '1');
  await writeFile('/mnt/data/version-2/acceptedEpoch', '2');
  await nodeDisk(OPTIONS).writeStamp({ cluster: 'c-1', lineage: 1, id: 3 });
  await killedHalfWay();
  const left = await readdir('/mnt/data/aside');
  // As a new process does it: what this one has found before is not known to it.
  await nodeDisk(OPTIONS).copyDataAside(NAME);
  console.log(JSON.stringify({ left, after: await readdir('/mnt/data/aside') }));
}
