// SPDX-License-Identifier: Apache-2.0
/**
 * On a small disk that is mounted on /mnt: a process that copies its data kills itself when half of it is there.
 * Another process then makes the copy. Prints what lies aside after each. With an argument: the process that is killed.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { LAB_TICK } from '../../src/timings.ts';
import { nodeDisk } from '../../src/zookeeper/node-disk.ts';
import { snapshotOf } from './snapshot-file.ts';

const MEBIBYTE = 2 ** 20;
const DATA_BYTES = 60 * MEBIBYTE;
const WRITTEN_WHEN_KILLED = DATA_BYTES / 2;
const NAME = 'source-of-record-2';
const OPTIONS = {
  dataDir: '/mnt/data',
  confDir: '/mnt/conf',
  idFile: '/mnt/data/myid',
  dynamicFile: '/mnt/conf/zoo.cfg.dynamic',
  cluster: 'c-1',
  tick: LAB_TICK,
};

/** Nobody from outside could be sure to come in time. */
function dieHalfWay(): void {
  const { open } = fs.promises;
  let writtenBytes = 0;
  const watched: typeof open = async (path, ...rest) => {
    const file = await open(path, ...rest);
    if (!String(path).endsWith('.copying/version-2/large')) return file;
    const write = file.write.bind(file) as (...words: readonly unknown[]) => Promise<{ readonly bytesWritten: number }>;
    const counted = async (...words: readonly unknown[]): Promise<unknown> => {
      const done = await write(...words);
      writtenBytes += done.bytesWritten;
      if (writtenBytes >= WRITTEN_WHEN_KILLED) process.kill(process.pid, 'SIGKILL');
      return done;
    };
    return Object.assign(file, { write: counted });
  };
  fs.promises.open = watched;
  syncBuiltinESMExports();
}

function killedHalfWay(): void {
  const { signal, stderr } = spawnSync(process.execPath, [import.meta.filename, 'copy'], { encoding: 'utf8' });
  if (signal !== 'SIGKILL') throw new Error(`The copy was not killed half way: ${stderr}`);
}

if (process.argv[2] === 'copy') {
  dieHalfWay();
  await nodeDisk(OPTIONS).copyDataAside(NAME);
} else {
  await mkdir('/mnt/data/version-2', { recursive: true });
  await mkdir('/mnt/conf');
  await writeFile('/mnt/data/version-2/snapshot.0', snapshotOf());
  await writeFile('/mnt/data/version-2/large', Buffer.alloc(DATA_BYTES, 7));
  await writeFile('/mnt/data/version-2/currentEpoch', '1');
  await writeFile('/mnt/data/version-2/acceptedEpoch', '2');
  await nodeDisk(OPTIONS).writeStamp({ cluster: 'c-1', lineage: 1, id: 3 });
  killedHalfWay();
  const left = await readdir('/mnt/data/aside');
  // As a new process does it: what this one has found before is not known to it.
  await nodeDisk(OPTIONS).copyDataAside(NAME);
  console.log(JSON.stringify({ left, after: await readdir('/mnt/data/aside') }));
}
