// SPDX-License-Identifier: Apache-2.0
/**
 * Removes what the server does not need any more from its data: old snapshots, and the logs before them
 * (docs/protocol.md, "Disk 4").
 */
import { constants } from 'node:fs';
import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isCode } from './durable-file.ts';
import { logsAmong } from './log-names.ts';
import { rememberingCheck } from './snapshot-memory.ts';
import { type NamedSnapshot, snapshotsAmong } from './snapshots.ts';

/** Disk 4: so many whole snapshots are never removed, whatever the disk has left. */
export const SNAPSHOTS_KEPT = 3;

interface Purged {
  /** Names in the data directory, oldest first. */
  readonly removed: readonly string[];
  readonly bytes: number;
}

/**
 * Purges a `version-2`. `note` is the file that remembers checked snapshots. A directory that is not there has nothing
 * to purge.
 *
 * The files are read and removed through the open directory. So if the data gets another name meanwhile, no file of
 * the data that comes in its place is removed.
 */
export async function purgeData(directory: string, note: string, signal: AbortSignal): Promise<Purged> {
  const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY).catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (handle === undefined) return { removed: [], bytes: 0 };
  try {
    const opened = `/proc/self/fd/${handle.fd}`;
    const names = await readdir(opened);
    const check = rememberingCheck(opened, note, signal);
    const isWhole = async ({ name, zxid, stream }: NamedSnapshot): Promise<boolean> => {
      const found = await check(name, stream);
      return found.kind === 'whole' && (found.lastZxid ?? zxid) >= zxid;
    };
    const removed: string[] = [];
    let bytes = 0;
    for (const name of await whatToPurge(names, isWhole)) {
      signal.throwIfAborted();
      const path = join(opened, name);
      bytes += await sizeOf(path);
      await rm(path, { force: true });
      removed.push(name);
    }
    return { removed, bytes };
  } finally {
    await handle.close();
  }
}

/** The names that can go, oldest first. `isWhole` reads the file of a snapshot. */
export async function whatToPurge(
  names: readonly string[],
  isWhole: (snapshot: NamedSnapshot) => Promise<boolean>,
): Promise<readonly string[]> {
  const snapshots = snapshotsAmong(names);
  let whole = 0;
  let oldestKept: NamedSnapshot | undefined;
  for (const snapshot of snapshots) {
    // One that only looks like a snapshot stands for no other.
    if (!(await isWhole(snapshot))) continue;
    whole++;
    if (whole === SNAPSHOTS_KEPT) {
      oldestKept = snapshot;
      break;
    }
  }
  if (oldestKept === undefined) return [];
  const { zxid } = oldestKept;
  const older = snapshots.filter((snapshot) => snapshot.zxid < zxid);
  // A log may begin before a snapshot and hold what comes after it, so the last one that begins before it stays.
  const logs = logsAmong(names);
  const firstKept = logs.findLastIndex((log) => log.zxid <= zxid);
  const goes = [...older, ...logs.slice(0, Math.max(firstKept, 0))];
  return goes.toSorted((one, other) => (one.zxid < other.zxid ? -1 : 1)).map(({ name }) => name);
}

/** Zero for a file that the server has just removed itself. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return 0;
    throw error;
  }
}
