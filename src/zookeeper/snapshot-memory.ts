// SPDX-License-Identifier: Apache-2.0
/**
 * What was found in large snapshots, by the identity of the file, in a note that outlives the process: a node in trouble
 * looks every few seconds, and must not read gigabytes each time. The note decides nothing else; without it the files are
 * read again.
 */
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isThere, writeDurably } from './durable-file.ts';
import { checkSnapshot, type SnapshotCheck, type Stream } from './snapshot-check.ts';

/** A smaller file is read faster than a note of it is kept. */
const WORTH_A_NOTE_BYTES = 16 * 1024 * 1024;
/** A server keeps a few snapshots; the oldest notes are forgotten beyond it. */
const KEPT = 128;

type Notes = ReadonlyMap<string, SnapshotCheck>;

/** Of this process, small files too. */
const seen = new Map<string, SnapshotCheck>();

/** A check of the files in this directory; `note` is the file to remember in, if any. */
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

/** Any change of a file changes it; taken before the file is read. */
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
    const value: unknown = JSON.parse(await readFile(note, 'utf8'));
    return new Map(
      Object.entries(value as object).filter((entry): entry is [string, SnapshotCheck] => isCheck(entry[1])),
    );
  } catch {
    return new Map();
  }
}

/** Best effort: on a full disk the files are just read again. */
async function writeNotes(note: string): Promise<void> {
  try {
    if (await isThere(dirname(note))) await writeDurably(note, `${JSON.stringify(Object.fromEntries(seen))}\n`);
  } catch {
    // Nothing depends on it.
  }
}

function isCheck(value: unknown): value is SnapshotCheck {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false;
  const { kind } = value;
  return kind === 'whole' || kind === 'unfinished' || (kind === 'broken' && 'why' in value);
}
