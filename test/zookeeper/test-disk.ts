// SPDX-License-Identifier: Apache-2.0
/** A node's disk in a temporary directory, empty or with data, stamp and config. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataFacts, DiskFacts } from '../../src/model/disk.ts';
import { type Member, memberAt } from '../../src/model/member.ts';
import { ZXID_ZERO } from '../../src/model/zxid.ts';
import type { NodeDisk } from '../../src/ports.ts';
import { LAB_TICK } from '../../src/timings.ts';
import { nodeDisk } from '../../src/zookeeper/node-disk.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';
import { snapshotOf } from './snapshot-file.ts';
import { LOG_HEADER, logEntry } from './transaction-log-file.ts';

const SIGNAL = new AbortController().signal;
export const STAMP = { cluster: 'orders-4f1c2a90', lineage: 1, id: 3 };
export const MEMBERS: readonly Member[] = [
  memberAt(1, '127.9.9.1', 'participant'),
  memberAt(3, '127.9.9.3', 'observer'),
];
export const DATA: DataFacts = { currentEpoch: 1, acceptedEpoch: 2, lastZxid: '0000000000000009' };
const SNAPSHOT = snapshotOf();

export interface TestDisk extends AsyncDisposable {
  readonly disk: NodeDisk;
  readonly dataDir: string;
  readonly confDir: string;
  read(): Promise<DiskFacts>;
}

export async function emptyDisk(): Promise<TestDisk> {
  const directory = await temporaryDirectory();
  return diskIn(directory);
}

export async function diskIn(
  directory: TemporaryDirectory,
  cluster = STAMP.cluster,
  sysfs = 'none',
): Promise<TestDisk> {
  const dataDir = join(directory.path, 'data');
  const confDir = join(directory.path, 'conf');
  await mkdir(dataDir, { recursive: true });
  await mkdir(confDir, { recursive: true });
  const disk = nodeDisk({
    dataDir,
    confDir,
    idFile: join(dataDir, 'myid'),
    dynamicFile: join(confDir, 'zoo.cfg.dynamic'),
    cluster,
    tick: LAB_TICK,
    // The machine's own would name the volume that these tests run on.
    sysfs,
  });
  return {
    disk,
    dataDir,
    confDir,
    read: async () => {
      // These are of the machine, and of what the agent did when.
      const { freeShare, diskBytes, occasions, ...facts } = await disk.read(SIGNAL);
      return facts;
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

/** A node with data, stamp and config. */
export async function filledDisk(): Promise<TestDisk> {
  const test = await emptyDisk();
  await fillData(test, 9);
  await test.disk.writeStamp(STAMP);
  await test.disk.writeConfig({ version: ZXID_ZERO, members: MEMBERS });
  return test;
}

export async function fillData({ dataDir }: TestDisk, last: number): Promise<void> {
  const data = join(dataDir, 'version-2');
  await mkdir(data);
  await writeFile(join(data, 'snapshot.0'), SNAPSHOT);
  await writeFile(join(data, 'log.1'), Buffer.concat([LOG_HEADER, logEntry(1), logEntry(last), Buffer.alloc(500)]));
  await writeFile(join(data, 'currentEpoch'), '1');
  await writeFile(join(data, 'acceptedEpoch'), '2');
}

export async function bytesOf(directory: string): Promise<Readonly<Record<string, string>>> {
  const names = (await readdir(directory)).sort();
  const entries = names.map(async (name) => [name, (await readFile(join(directory, name))).toString('hex')] as const);
  return Object.fromEntries(await Promise.all(entries));
}
