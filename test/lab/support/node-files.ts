// SPDX-License-Identifier: Apache-2.0
/**
 * The files of a node, row by row: what is in them, and what is done to each. Files that are no more than the agent's
 * notes to itself stand in one row and are edited together: none of them can hide what becomes of another.
 */
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Mark } from '../../../src/ports.ts';
import { EDITS, type Edit } from './file-edits.ts';
import { KEPT_BY_HAND } from './obeyed-advice.ts';

/** A pattern in the directory of a machine; of the files that fit, the newest is meant. */
export interface NodeFile {
  readonly pattern: string;
  /** What the file holds where a node has it, for one that a healthy node lacks: it is made first, and then edited. */
  readonly made?: (machine: string) => string;
  /** What the file of another node holds, where that one has none now and would not hold the very same. */
  readonly others?: (machine: string) => string;
}

export interface FileRow {
  readonly what: string;
  readonly files: readonly NodeFile[];
  readonly edits: readonly Edit[];
}

const CONFIG = 'conf/zoo.cfg.dynamic.[0-9a-f]*';
const CURRENT_EPOCH = 'data/version-2/currentEpoch';
const STAMP = 'data/zk-agent/stamp.json';
const ASIDE = 'data/aside/by-hand';

const nothing = (): string => '';
const json = (value: object) => (): string => `${JSON.stringify(value)}\n`;
const copyOf =
  (pattern: string) =>
  (machine: string): string =>
    readFileSync(pathOf(machine, { pattern }), 'latin1');

/** A mark that is new does not compile without its file. */
const MARKS: Readonly<Record<Mark, NodeFile>> = {
  ready: { pattern: 'data/zk-agent/ready' },
  reported: { pattern: 'data/zk-agent/reported', made: nothing },
  signalled: { pattern: 'data/zk-agent/signalled', made: nothing },
  left: { pattern: 'data/zk-agent/left', made: nothing },
  abandoned: { pattern: 'data/zk-agent/abandoned', made: nothing },
};
const MARKER: NodeFile = { pattern: 'data/initialize', made: nothing };

/**
 * What the server reads at its start, and the stamp and the fence, without which, and behind which, it does not start.
 */
export const VITAL_ROWS: readonly FileRow[] = [
  { what: 'the id', files: [{ pattern: 'data/myid' }], edits: EDITS },
  { what: 'the accepted epoch', files: [{ pattern: 'data/version-2/acceptedEpoch' }], edits: EDITS },
  { what: 'the current epoch', files: [{ pattern: CURRENT_EPOCH }], edits: EDITS },
  {
    what: 'a half written current epoch',
    files: [{ pattern: 'data/version-2/currentEpoch.tmp', made: copyOf(CURRENT_EPOCH) }],
    edits: EDITS,
  },
  {
    what: 'a half written accepted epoch',
    files: [{ pattern: 'data/version-2/acceptedEpoch.tmp', made: copyOf(CURRENT_EPOCH) }],
    edits: ['emptied', 'unreadable'],
  },
  { what: 'the newest snapshot', files: [{ pattern: 'data/version-2/snapshot.*' }], edits: EDITS },
  {
    what: 'the newest log',
    files: [{ pattern: 'data/version-2/log.*' }],
    edits: [...EDITS, 'with an entry of no kind'],
  },
  { what: 'zoo.cfg', files: [{ pattern: 'conf/zoo.cfg' }], edits: EDITS },
  { what: 'the committed config', files: [{ pattern: CONFIG }], edits: [...EDITS, 'cut at a line'] },
  { what: 'the version-less config', files: [{ pattern: 'conf/zoo.cfg.dynamic', made: copyOf(CONFIG) }], edits: EDITS },
  { what: 'a proposed config', files: [{ pattern: 'conf/zoo.cfg.dynamic.next', made: nextConfig }], edits: EDITS },
  { what: 'the stamp', files: [{ pattern: STAMP }], edits: EDITS },
  { what: 'the fence', files: [{ pattern: 'data/zk-agent/fence.json', made: json({ record: 1 }) }], edits: EDITS },
];

/** What the agent alone reads. An empty mark is a whole one, and `left` is an order. */
export const OTHER_ROWS: readonly FileRow[] = [
  {
    what: 'what the agent keeps for itself',
    files: [
      {
        pattern: 'data/zk-agent/nonce',
        made: () => '00112233445566778899aabbccddeeff\n',
        others: () => 'ffeeddccbbaa99887766554433221100\n',
      },
      { pattern: 'data/zk-agent/super-secret' },
      { pattern: 'data/zk-agent/vouched' },
      { pattern: 'data/zk-agent/java-options' },
      {
        pattern: 'data/zk-agent/occasions.json',
        made: json({ 'fresh-config': [1], 'set-aside': [1] }),
        others: json({ 'fresh-config': [2], 'set-aside': [] }),
      },
      {
        pattern: 'data/zk-agent/failed-start.json',
        made: json({ files: 'others', why: 'It ended.' }),
        others: json({ files: 'more', why: 'It died.' }),
      },
      {
        pattern: 'data/zk-agent/checked-snapshots.json',
        made: json({ another: { kind: 'whole' } }),
        others: json({ more: { kind: 'whole' } }),
      },
      {
        pattern: 'data/zk-agent/lifecycle-state.json',
        made: json({ lifecycleState: 'InService', sinceMs: 1 }),
        others: json({ lifecycleState: 'Terminating:Wait', sinceMs: 2 }),
      },
    ],
    edits: EDITS,
  },
  { what: 'the mark that the node is ready', files: [MARKS.ready], edits: ['gone'] },
  {
    what: 'marks that nobody made',
    files: [MARKS.reported, MARKS.signalled, MARKS.abandoned, MARKER],
    edits: ['emptied'],
  },
  { what: 'all marks', files: [...Object.values(MARKS), MARKER], edits: ['unreadable'] },
  {
    what: 'what was set aside',
    files: [
      { pattern: `${ASIDE}/stamp.json`, made: copyOf(STAMP) },
      { pattern: `${ASIDE}/facts.json`, made: json({ data: { currentEpoch: 1, acceptedEpoch: 1, lastZxid: '1' } }) },
      { pattern: `${ASIDE}/version-2/currentEpoch`, made: copyOf(CURRENT_EPOCH) },
      { pattern: `${ASIDE}/version-2/acceptedEpoch`, made: copyOf(CURRENT_EPOCH) },
      { pattern: `${ASIDE}/version-2/snapshot.1`, made: copyOf('data/version-2/snapshot.*') },
      { pattern: `${ASIDE}/config/zoo.cfg`, made: copyOf('conf/zoo.cfg') },
      { pattern: 'conf/aside/1/zoo.cfg', made: copyOf('conf/zoo.cfg') },
    ],
    edits: EDITS,
  },
];

/** Under these names nothing is edited, with the reason. */
const LEFT_OUT: readonly RegExp[] = [
  // Whatever was set aside is read like what stands in the row of it.
  /^(data|conf)\/aside\//,
  // Older than those that are edited: of its kind a server reads the newest that loads.
  /^data\/version-2\/(snapshot|log)\./,
  // What was no secret, or could not be read: nobody looks at it any more.
  /^data\/zk-agent\/(super-secret|java-options)\.unusable$/,
  // What a person has put out of the way as the agent told.
  new RegExp(`^data/[^/]+${KEPT_BY_HAND}/`),
  // Half-written ones, which the next run removes by their names.
  /\.half$/,
];

/** Files under data and conf of this machine that no row has: a new file of a node needs a row. */
export function filesWithoutRow(machine: string): readonly string[] {
  const patterns = [...VITAL_ROWS, ...OTHER_ROWS].flatMap(({ files }) => files.map(({ pattern }) => pattern));
  const known = new Set(patterns.flatMap((pattern) => globSync(pattern, { cwd: machine })));
  return globSync('{data,conf}/**', { cwd: machine, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(machine.length + 1))
    .filter((file) => !known.has(file) && !LEFT_OUT.some((pattern) => pattern.test(file)));
}

/** The path of the file in this machine's directory: the newest that fits, or where it would be. */
export function pathOf(machine: string, { pattern }: NodeFile): string {
  const byNumber = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : 1);
  const found = globSync(pattern, { cwd: machine }).sort(byNumber);
  return join(machine, found.filter((name) => !name.endsWith('.half')).at(-1) ?? pattern);
}

/** Makes the file where the node has none; returns its path. */
export function makeSure(machine: string, file: NodeFile): string {
  const path = pathOf(machine, file);
  if (existsSync(path)) return path;
  if (file.made === undefined) throw new Error(`${path} should be there, and nobody says what is in it.`);
  mkdirSync(dirname(path), { recursive: true });
  // An edit before this one can have left a link to itself here: no file is there, and none can be written.
  rmSync(path, { force: true });
  writeFileSync(path, file.made(machine), 'latin1');
  return path;
}

/** As the server writes a change that is under way: the config, and its version inside. */
function nextConfig(machine: string): string {
  const path = pathOf(machine, { pattern: CONFIG });
  const version = BigInt(`0x${path.split('.').at(-1)}`) + 1n;
  return `${readFileSync(path, 'latin1').trimEnd()}\nversion=${version.toString(16)}\n`;
}
