// SPDX-License-Identifier: Apache-2.0
/** Every change that the agent makes to its disk, and what must hold of it wherever the power is cut. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataFacts, DiskFacts } from '../../src/model/disk.ts';
import { type Member, memberAt } from '../../src/model/member.ts';
import { ZXID_ZERO } from '../../src/model/zxid.ts';
import type { NodeDisk } from '../../src/ports.ts';
import { LAB_TICK } from '../../src/timings.ts';
import type { nodeDisk } from '../../src/zookeeper/node-disk.ts';
import type { superSecret } from '../../src/zookeeper/super-secret.ts';
import { type DiskState, type FileState, NOT_HANDED_OVER } from './power-cut.ts';
import { snapshotOf } from './snapshot-file.ts';
import { LOG_HEADER, logEntry, zxid } from './transaction-log-file.ts';

/** The disk code, or a copy of it with a mutation. */
export interface DiskCode {
  readonly nodeDisk: typeof nodeDisk;
  readonly superSecret: typeof superSecret;
}

export interface DiskChange {
  readonly name: string;
  /** What is done to the disk before, by calls of the agent; the data of a server is there unless `empty`. */
  readonly before?: (disk: NodeDisk, root: string) => Promise<void>;
  readonly empty?: boolean;
  readonly change: (disk: NodeDisk, code: DiskCode, root: string) => Promise<unknown>;
  /** Whether the change is seen to be done; it is so once it has resolved, for ever. */
  readonly isDone: (seen: Seen) => boolean;
  /** The next change clears away what this one left half, unless it may run beside another. */
  readonly clearsAway?: false;
  /** What holds as well while it is not done; nothing but what was there before, unless told otherwise. */
  readonly holds?: (seen: Seen, before: Seen) => void;
}

export interface Seen {
  readonly facts: DiskFacts;
  readonly files: DiskState;
}

const STAMP = { cluster: 'orders-4f1c2a90', lineage: 1, id: 3 };
const MEMBERS: readonly Member[] = [memberAt(1, '127.9.9.1', 'participant'), memberAt(3, '127.9.9.3', 'observer')];
const OTHERS: readonly Member[] = [memberAt(7, '127.9.9.7', 'participant')];
const DATA: DataFacts = { currentEpoch: 1, acceptedEpoch: 2, lastZxid: '0000000000000009' };
/** Longer than a block of the copy, as a preallocated log is: its end is a hole. */
const LOG = Buffer.concat([LOG_HEADER, logEntry(1), logEntry(9), Buffer.alloc(70_000)]);
const SNAPSHOT = snapshotOf();
const PENDING = 'server.1=127.9.9.1:2888:3888:participant;2181\nversion=12\n';

export function diskIn(code: DiskCode, root: string): NodeDisk {
  const [dataDir, confDir] = [join(root, 'data'), join(root, 'conf')];
  return code.nodeDisk({
    dataDir,
    confDir,
    idFile: join(dataDir, 'myid'),
    dynamicFile: join(confDir, 'zoo.cfg.dynamic'),
    cluster: STAMP.cluster,
    tick: LAB_TICK,
    sysfs: join(root, 'sys'),
  });
}

/** As a server and earlier runs have left it. */
export async function layOutBefore(change: DiskChange, code: DiskCode, root: string): Promise<void> {
  mkdirSync(join(root, 'data'));
  mkdirSync(join(root, 'conf'));
  const disk = diskIn(code, root);
  if (change.empty !== true) {
    const data = join(root, 'data', 'version-2');
    mkdirSync(data);
    writeFileSync(join(data, 'snapshot.0'), SNAPSHOT);
    writeFileSync(join(data, 'log.1'), LOG);
    writeFileSync(join(data, 'currentEpoch'), '1');
    writeFileSync(join(data, 'acceptedEpoch'), '2');
    await disk.writeStamp(STAMP);
    await disk.writeConfig({ version: ZXID_ZERO, members: MEMBERS });
  }
  await change.before?.(disk, root);
}

export const DISK_CHANGES: readonly DiskChange[] = [
  {
    name: 'writeId',
    before: (disk) => disk.writeId(3),
    change: (disk) => disk.writeId(4),
    isDone: ({ facts }) => facts.id === 4,
  },
  {
    name: 'writeNonce on an empty disk',
    empty: true,
    change: (disk) => disk.writeNonce('00ff'),
    isDone: ({ facts }) => facts.nonce === '00ff',
  },
  { name: 'writeMarker', empty: true, change: (disk) => disk.writeMarker(), isDone: ({ facts }) => facts.marker },
  {
    name: 'writeStamp over an older one',
    change: (disk) => disk.writeStamp({ ...STAMP, lineage: 2 }),
    isDone: ({ facts }) => facts.stamp?.lineage === 2,
  },
  {
    name: 'writeStamp on an empty disk',
    empty: true,
    change: (disk) => disk.writeStamp(STAMP),
    isDone: ({ facts }) => facts.stamp?.id === STAMP.id,
  },
  {
    name: 'raiseFence on an empty disk',
    empty: true,
    change: (disk) => disk.raiseFence({ record: 2 }),
    isDone: ({ facts }) => facts.fence?.record === 2,
  },
  {
    name: 'raiseFence over that of an older record',
    before: (disk) => disk.raiseFence({ record: 1 }),
    change: (disk) => disk.raiseFence({ record: 2 }),
    isDone: ({ facts }) => facts.fence?.record === 2,
  },
  {
    name: 'liftFence',
    before: (disk) => disk.raiseFence({ record: 2 }),
    change: (disk) => disk.liftFence(),
    isDone: ({ facts }) => facts.fence === undefined,
  },
  {
    name: 'vouch',
    change: (disk) => disk.vouch('0000000100000007', 3),
    isDone: ({ facts }) => facts.vouched === '0000000100000007',
  },
  ...(['left', 'reported', 'ready', 'signalled', 'abandoned'] as const).map(
    (mark): DiskChange => ({
      name: `mark ${mark}`,
      empty: true,
      change: (disk) => disk.mark(mark),
      isDone: ({ facts }) => facts[mark] === true,
    }),
  ),
  {
    name: 'unmark',
    before: (disk) => disk.mark('left'),
    change: (disk) => disk.unmark('left'),
    isDone: ({ facts }) => !facts.left,
  },
  {
    name: 'inStateSince',
    empty: true,
    before: (disk) => disk.mark('ready'),
    // It may run beside a step, so the next step makes durable what a killed run has written.
    change: async (disk) => {
      await disk.inStateSince('Pending:Wait', 1_000);
      await disk.mark('ready');
    },
    isDone: ({ files }) => text(files, 'data/zk-agent/lifecycle-state.json')?.includes('1000') === true,
  },
  {
    name: 'raiseAcceptedEpoch of data',
    change: (disk) => disk.raiseAcceptedEpoch(8),
    isDone: ({ facts }) => facts.data?.acceptedEpoch === 8,
  },
  {
    name: 'raiseAcceptedEpoch without data',
    empty: true,
    change: (disk) => disk.raiseAcceptedEpoch(8),
    isDone: ({ facts }) => facts.data?.acceptedEpoch === 8,
  },
  {
    name: 'writeConfig over an older one, with another pending',
    before: async (_, root) => {
      const conf = join(root, 'conf');
      writeFileSync(join(conf, 'zoo.cfg.dynamic.5'), 'server.1=127.9.9.1:2888:3888:participant;2181\n');
      const zooCfg = `dataDir=/data\ninitLimit=5\nsyncLimit=2\ndynamicConfigFile=${join(conf, 'zoo.cfg.dynamic.5')}\n`;
      writeFileSync(join(conf, 'zoo.cfg'), zooCfg);
      writeFileSync(join(conf, 'zoo.cfg.dynamic.next'), PENDING);
    },
    change: (disk) => disk.writeConfig({ version: ZXID_ZERO, members: OTHERS }),
    isDone: ({ facts }) => facts.config?.members[0]?.id === 7 && facts.pending === undefined,
    holds: (seen, before) => {
      assert.ok(seen.facts.config?.version === zxid(5) || seen.facts.config?.members[0]?.id === 7, 'a config to read');
      for (const [path, file] of before.files) {
        if (path.startsWith('conf/') && 'bytes' in file) {
          const name = path.slice('conf/'.length);
          const kept = [...seen.files].some(
            ([at, other]) =>
              (at === path || /^conf\/aside\/\d+\//.test(at)) && at.endsWith(name) && isSame(file, other),
          );
          assert.ok(kept, `the older ${name} is kept`);
        }
      }
    },
  },
  {
    name: 'writeConfig on an empty disk',
    empty: true,
    change: (disk) => disk.writeConfig({ version: ZXID_ZERO, members: OTHERS }),
    isDone: ({ facts }) => facts.config?.members[0]?.id === 7,
    holds: () => {},
  },
  {
    name: 'setDataAside',
    change: (disk) => disk.setDataAside('kept'),
    isDone: ({ facts }) => facts.data === undefined,
    // It is data set aside from the moment on in which it is gone from its place.
    holds: ({ facts }) => assert.deepEqual([facts.data, facts.stamp, facts.aside], [DATA, STAMP, []]),
  },
  {
    name: 'setCopyAside',
    before: async (disk) => {
      await disk.writeMarker();
      await disk.writeNonce('00ff-vol-0bbb');
    },
    change: (disk) => disk.setCopyAside('kept'),
    isDone: ({ facts }) => facts.data === undefined && facts.stamp === undefined,
    // While the stamp is there, which shows that it is a copy, this is done again.
    holds: ({ facts }) => assert.deepEqual([facts.data, facts.stamp], [DATA, STAMP]),
  },
  {
    name: 'setCopyAside without data',
    empty: true,
    before: async (disk) => {
      await disk.writeMarker();
      await disk.writeStamp(STAMP);
    },
    change: (disk) => disk.setCopyAside('kept'),
    isDone: ({ facts }) => facts.stamp === undefined,
    holds: ({ facts }) => assert.deepEqual(facts.stamp, STAMP),
  },
  {
    name: 'copyDataAside',
    change: (disk) => disk.copyDataAside('kept'),
    isDone: ({ facts }) => facts.aside.length === 1,
  },
  {
    name: 'restoreAside',
    before: async (disk) => {
      await disk.setDataAside('kept');
      await disk.writeStamp({ ...STAMP, lineage: 2 });
    },
    change: (disk) => restore(disk),
    isDone: ({ facts }) => facts.data !== undefined,
    holds: ({ facts }) => assert.equal(facts.data, undefined),
  },
  {
    name: 'superSecret',
    empty: true,
    clearsAway: false,
    change: (_, code, root) => code.superSecret(join(root, 'data')),
    isDone: ({ files }) => {
      const options = text(files, 'data/zk-agent/java-options') ?? '';
      return hasSecret(files) && /superDigest=super:\S{28}\n$/.test(options);
    },
    holds: ({ files }) => assert.ok(hasSecret(files) || !files.has('data/zk-agent/super-secret'), 'no half secret'),
  },
];

/** A run that finds the data there does not restore it again. */
async function restore(disk: NodeDisk): Promise<void> {
  const { data } = await disk.read(new AbortController().signal);
  if (data === undefined) await disk.restoreAside('kept');
  // Whatever the agent does next.
  else await disk.mark('ready');
}

/** What holds at every moment of every change. */
export function checkAlways(change: DiskChange, { facts, files }: Seen, finished: boolean): void {
  for (const path of files.keys()) {
    const [, folder] = /^(data\/(?:aside\/[^.][^/]*\/)?version-2)$/.exec(path) ?? [];
    const moving = /^data\/aside\/\.[^/]*\.moving\/version-2$/.test(path) ? path : folder;
    if (moving !== undefined && change.empty !== true) checkData(moving, files);
  }
  if (change.empty !== true) {
    const whole = [...files].filter(([path, file]) => /version-2\/log\.1$/.test(path) && isSame({ bytes: LOG }, file));
    assert.ok(whole.length >= 1, 'the data is somewhere');
    if (facts.data !== undefined) assert.equal(facts.stamp?.cluster, STAMP.cluster, 'data has its stamp');
  }
  for (const aside of facts.aside) {
    assert.deepEqual([aside.name, aside.lineage, aside.data], ['kept', 1, DATA], 'what is set aside has its facts');
  }
  if (finished) checkOwners(files);
}

/** A folder of data, wherever it is, has all its files, each whole. */
function checkData(folder: string, files: DiskState): void {
  assert.ok(isSame({ bytes: LOG }, files.get(`${folder}/log.1`)), `${folder}/log.1 is whole`);
  assert.ok(isSame({ bytes: SNAPSHOT }, files.get(`${folder}/snapshot.0`)), `${folder}/snapshot.0 is whole`);
  assert.equal(text(files, `${folder}/currentEpoch`), '1', `${folder}/currentEpoch`);
  assert.match(text(files, `${folder}/acceptedEpoch`) ?? '', /^[28]$/, `${folder}/acceptedEpoch`);
}

/** The server runs as another user than the agent. */
function checkOwners(files: DiskState): void {
  for (const [path, { owner }] of files) {
    if (!path.endsWith('.half')) assert.notEqual(owner, NOT_HANDED_OVER, `${path} belongs to root`);
  }
}

function hasSecret(files: DiskState): boolean {
  return /^[0-9a-f]{48}\n$/.test(text(files, 'data/zk-agent/super-secret') ?? '');
}

function isSame(file: Pick<FileState, 'bytes'>, other: { readonly owner: string } | FileState | undefined): boolean {
  return other !== undefined && 'bytes' in other && other.bytes.equals(file.bytes);
}

function text(files: DiskState, path: string): string | undefined {
  const file = files.get(path);
  return file !== undefined && 'bytes' in file ? file.bytes.toString() : undefined;
}
