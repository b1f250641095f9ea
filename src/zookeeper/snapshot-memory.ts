// SPDX-License-Identifier: Apache-2.0
/**
 * What was found in large snapshots, by the identity of the file. A note on the disk keeps it when the process ends. A
 * node in trouble looks every few seconds, and must not read gigabytes each time. The note decides nothing else:
 * without it the files are read again.
 */
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isThere, writeDurably } from './durable-file.ts';
import { formatOwnJson, parseOwnJson } from './own-json.ts';
import { checkSnapshot, type SnapshotCheck, type Stream } from './snapshot-check.ts';

/** To read a smaller file is faster than to keep a note about it. */
const WORTH_A_NOTE_BYTES = 16 * 1024 * 1024;
/** A server keeps a few snapshots. Beyond this number the oldest notes are forgotten. */
const KEPT = 128;

type Notes = ReadonlyMap<string, SnapshotCheck>;

/** Results of this process, for small files too. */
const seen = new Map<string, SnapshotCheck>();

/** A check of the files in this directory. `note` is the file that keeps the results, if there is one. */
export function rememberingCheck(
  directory: string,
  note: string | undefined,
  signal: AbortSignal,
): (name: string, stream: Stream) => Promise<SnapshotCheck> {
  return async (name, stream) => {
    const path = join(directory, name);
    const { identity, size } = await identityOf(path);
    const before = seen.get(identity);
    if (before) return before;
    const large = note !== undefined && size >= WORTH_A_NOTE_BYTES;
    const noted = large ? (await readNotes(note)).get(identity) : undefined;
    const found = noted ?? (await checkSnapshot(path, stream, signal));
    remember(identity, found);
    if (large && noted === undefined) await writeNotes(note);
    return found;
  };
}

/** Any change of a file changes its identity. The identity is taken before the file is read. */
async function identityOf(path: string): Promise<{ readonly identity: string; readonly size: number }> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return { identity: `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`, size: Number(size) };
}

function remember(identity: string, found: SnapshotCheck): void {
  seen.set(identity, found);
  const oldest = seen.keys().next();
  if (seen.size > KEPT && oldest.done !== true) seen.delete(oldest.value);
}

async function readNotes(note: string): Promise<Notes> {
  try {
    const value = parseOwnJson('note', await readFile(note, 'utf8'), note);
    return new Map(Object.entries(value).filter((entry): entry is [string, SnapshotCheck] => isCheck(entry[1])));
  } catch {
    return new Map();
  }
}

/** A write that fails is ignored: on a full disk the files are just read again. */
async function writeNotes(note: string): Promise<void> {
  try {
    if (await isThere(dirname(note))) await writeDurably(note, formatOwnJson('note', Object.fromEntries(seen)));
  } catch {
    // Nothing depends on the note.
  }
}

function isCheck(value: unknown): value is SnapshotCheck {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false;
  const { kind } = value;
  return kind === 'whole' || kind === 'unfinished' || (kind === 'broken' && 'why' in value);
}
