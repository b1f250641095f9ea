// SPDX-License-Identifier: Apache-2.0
/** Every change that the agent makes to its disk, and what must hold of it wherever the power is cut. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataFacts } from '../../src/model/disk.ts';
import { type Member, memberAt } from '../../src/model/member.ts';
import { ZXID_ZERO } from '../../src/model/zxid.ts';
import type { NodeDisk } from '../../src/ports.ts';
import { CONFIG_CHANGES } from './config-changes.ts';
import {
  type DiskChange,
  type DiskCode,
  type DiskWrite,
  diskIn,
  isSame,
  type Seen,
  STAMP,
  textOf,
} from './disk-change.ts';
import { snapshotOf } from './snapshot-file.ts';
import { LOG_HEADER, logEntry } from './transaction-log-file.ts';
import { type DiskState, NOT_HANDED_OVER } from './unsynced-disk.ts';

const MEMBERS: readonly Member[] = [memberAt(1, '127.9.9.1', 'participant'), memberAt(3, '127.9.9.3', 'observer')];
const DATA: DataFacts = { currentEpoch: 1, acceptedEpoch: 2, lastZxid: '0000000000000009' };
/** Longer than a block of the copy, as a preallocated log is: its end is a hole. */
const LOG = Buffer.concat([LOG_HEADER, logEntry(1), logEntry(9), Buffer.alloc(70_000)]);
const SNAPSHOT = snapshotOf();

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

/** Each write of the port, and how the power is cut in it: one that is left out does not compile. */
export const CHANGES_OF: Readonly<Record<DiskWrite, readonly DiskChange[]>> = {
  writeId: [
    {
      name: 'writeId',
      before: (disk) => disk.writeId(3),
      change: (disk) => disk.writeId(4),
      isDone: ({ facts }) => facts.id === 4,
    },
  ],
  writeNonce: [
    {
      name: 'writeNonce on an empty disk',
      empty: true,
      change: (disk) => disk.writeNonce('00ff'),
      isDone: ({ facts }) => facts.nonce === '00ff',
    },
  ],
  writeMarker: [
    { name: 'writeMarker', empty: true, change: (disk) => disk.writeMarker(), isDone: ({ facts }) => facts.marker },
  ],
  writeStamp: [
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
  ],
  ...CONFIG_CHANGES,
  raiseFence: [
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
  ],
  liftFence: [
    {
      name: 'liftFence',
      before: (disk) => disk.raiseFence({ record: 2 }),
      change: (disk) => disk.liftFence(),
      isDone: ({ facts }) => facts.fence === undefined,
    },
  ],
  vouch: [
    {
      name: 'vouch',
      change: (disk) => disk.vouch('0000000100000007', 3),
      isDone: ({ facts }) => facts.vouched === '0000000100000007',
    },
  ],
  noteName: [
    {
      name: 'noteName',
      change: (disk) => disk.noteName(2, 3),
      isDone: ({ facts }) => facts.named?.place === 2 && facts.named.generation === 3,
    },
  ],
  mark: [
    ...(['left', 'reported', 'ready', 'signalled', 'abandoned'] as const).map(
      (mark): DiskChange => ({
        name: `mark ${mark}`,
        empty: true,
        change: (disk) => disk.mark(mark),
        isDone: ({ facts }) => facts[mark] === true,
      }),
    ),
  ],
  unmark: [
    {
      name: 'unmark',
      before: (disk) => disk.mark('left'),
      change: (disk) => disk.unmark('left'),
      isDone: ({ facts }) => !facts.left,
    },
  ],
  note: [
    {
      name: 'note on an empty disk',
      empty: true,
      change: (disk) => disk.note('set-aside', 1_000),
      isDone: ({ facts }) => facts.occasions?.['set-aside'].includes(1_000) === true,
    },
    {
      name: 'note after another occasion',
      before: (disk) => disk.note('set-aside', 1_000),
      change: (disk) => disk.note('fresh-config', 2_000),
      isDone: ({ facts }) => facts.occasions?.['fresh-config'].includes(2_000) === true,
      keeps: ({ facts }) => assert.deepEqual(facts.occasions?.['set-aside'], [1_000], 'the earlier one is kept'),
    },
  ],
  noteFailedStart: [
    {
      name: 'noteFailedStart over an older note',
      before: (disk) => disk.noteFailedStart('It ended with 1.'),
      change: (disk) => disk.noteFailedStart('It ended with 3.'),
      isDone: ({ facts }) => facts.data?.damage === 'It ended with 3.',
      keeps: ({ facts }) => assert.match(facts.data?.damage ?? '', /^It ended with [13]\.$/, 'a note of these files'),
    },
  ],
  inStateSince: [
    {
      name: 'inStateSince',
      empty: true,
      before: (disk) => disk.mark('ready'),
      // It may run beside a step, so the next step makes durable what a killed run has written.
      change: async (disk) => {
        await disk.inStateSince('Pending:Wait', 1_000);
        await disk.mark('ready');
      },
      isDone: ({ files }) => textOf(files, 'data/zk-agent/lifecycle-state.json')?.includes('1000') === true,
    },
  ],
  raiseAcceptedEpoch: [
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
  ],
  setDataAside: [
    {
      name: 'setDataAside',
      change: (disk) => disk.setDataAside('kept'),
      isDone: ({ facts }) => facts.data === undefined,
      // It is data set aside from the moment on in which it is gone from its place.
      holds: ({ facts }) => assert.deepEqual([facts.data, facts.stamp, facts.aside], [DATA, STAMP, []]),
    },
  ],
  setCopyAside: [
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
  ],
  copyDataAside: [
    {
      name: 'copyDataAside',
      change: (disk) => disk.copyDataAside('kept'),
      isDone: ({ facts }) => facts.aside.length === 1,
    },
  ],
  restoreAside: [
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
  ],
};

const SECRET: DiskChange = {
  name: 'superSecret',
  empty: true,
  clearsAway: false,
  change: (_, code, root) => code.superSecret(join(root, 'data')),
  isDone: ({ files }) => {
    const options = textOf(files, 'data/zk-agent/java-options') ?? '';
    return hasSecret(files) && /superDigest=super:\S{28}\n$/.test(options);
  },
  holds: ({ files }) => assert.ok(hasSecret(files) || !files.has('data/zk-agent/super-secret'), 'no half secret'),
};

export const DISK_CHANGES: readonly DiskChange[] = [...Object.values(CHANGES_OF).flat(), SECRET];

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
  assert.equal(textOf(files, `${folder}/currentEpoch`), '1', `${folder}/currentEpoch`);
  assert.match(textOf(files, `${folder}/acceptedEpoch`) ?? '', /^[28]$/, `${folder}/acceptedEpoch`);
}

/** The server runs as another user than the agent. */
function checkOwners(files: DiskState): void {
  for (const [path, { owner }] of files) {
    if (!path.endsWith('.half')) assert.notEqual(owner, NOT_HANDED_OVER, `${path} belongs to root`);
  }
}

function hasSecret(files: DiskState): boolean {
  return /^[0-9a-f]{48}\n$/.test(textOf(files, 'data/zk-agent/super-secret') ?? '');
}
