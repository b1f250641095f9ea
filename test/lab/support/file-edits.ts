/** What can befall a file of a node, and which files a node has. Only the files of a machine that is off are edited. */
import {
  existsSync,
  globSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';

/** A file by what it is for, and where it is in the directory of a machine; a pattern matches one file, the newest. */
export interface NodeFile {
  readonly what: string;
  readonly pattern: string;
}

/** Every file that the server or the agent reads. Logs, pid files and the socket of the lock are made anew at each start. */
export const DATA_FILES: readonly NodeFile[] = [
  { what: 'the id', pattern: 'data/myid' },
  { what: 'the accepted epoch', pattern: 'data/version-2/acceptedEpoch' },
  { what: 'the current epoch', pattern: 'data/version-2/currentEpoch' },
  { what: 'a half written current epoch', pattern: 'data/version-2/currentEpoch.tmp' },
  { what: 'the newest snapshot', pattern: 'data/version-2/snapshot.*' },
  { what: 'the newest log', pattern: 'data/version-2/log.*' },
];

export const CONFIG_AND_AGENT_FILES: readonly NodeFile[] = [
  { what: 'zoo.cfg', pattern: 'conf/zoo.cfg' },
  { what: 'the version-less config', pattern: 'conf/zoo.cfg.dynamic' },
  { what: 'the committed config', pattern: 'conf/zoo.cfg.dynamic.[0-9a-f]*' },
  { what: 'a proposed config', pattern: 'conf/zoo.cfg.dynamic.next' },
  { what: 'the stamp', pattern: 'data/zk-agent/stamp.json' },
  { what: 'the nonce', pattern: 'data/zk-agent/nonce' },
  { what: 'the fence', pattern: 'data/zk-agent/fence.json' },
  { what: 'the super secret', pattern: 'data/zk-agent/super-secret' },
  { what: 'the Java options', pattern: 'data/zk-agent/java-options' },
  { what: 'the mark that the node is ready', pattern: 'data/zk-agent/ready' },
  { what: 'the mark that a report may be left over', pattern: 'data/zk-agent/reported' },
  { what: 'the lifecycle state', pattern: 'data/zk-agent/lifecycle-state.json' },
];

export const EDITS = [
  'emptied',
  'cut in half',
  'zeroed',
  'flipped in its middle',
  'another node’s',
  'unreadable',
  'gone',
] as const;
export type Edit = (typeof EDITS)[number];

/** The path of the file in this machine's directory: the newest that fits, or where it would be. */
export function pathOf(machine: string, { pattern }: NodeFile): string {
  const found = globSync(pattern, { cwd: machine }).sort((a, b) => (a < b ? -1 : 1));
  const file = found.filter((name) => !name.endsWith('.half')).at(-1) ?? pattern;
  return join(machine, file);
}

/** False when the edit would change nothing, or makes no sense for a file that is not there. */
export function applies(edit: Edit, path: string): boolean {
  if (edit === 'emptied' || edit === 'unreadable') return true;
  if (!existsSync(path)) return false;
  return statSync(path).size > 0 || edit === 'gone';
}

/** Does it to the file; `other` is the same file of another node. */
export function applyEdit(edit: Edit, path: string, other: string): void {
  const size = existsSync(path) ? statSync(path).size : 0;
  switch (edit) {
    case 'emptied':
      writeFileSync(path, '');
      break;
    case 'cut in half':
      truncateSync(path, Math.floor(writtenBytes(path) / 2));
      break;
    case 'zeroed':
      truncateSync(path, 0);
      truncateSync(path, size);
      break;
    case 'flipped in its middle':
      flip(path);
      break;
    case 'another node’s':
      if (existsSync(other)) writeFileSync(path, readFileSync(other));
      break;
    case 'unreadable':
      // Root may read whatever the mode says; nobody can follow a link to itself.
      rmSync(path, { force: true });
      symlinkSync(basename(path), path);
      break;
    case 'gone':
      rmSync(path, { force: true });
      break;
  }
}

function flip(path: string): void {
  const bytes = readFileSync(path);
  const middle = Math.floor(writtenBytes(path) / 2);
  for (let at = middle; at < Math.min(middle + 8, bytes.length); at++) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
}

/** A log is preallocated: its end is zeros that nobody has written. */
function writtenBytes(path: string): number {
  const bytes = readFileSync(path);
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return Math.max(end, 1);
}
