// SPDX-License-Identifier: Apache-2.0
/** What a `version-2` directory holds, as the server would see it at its start. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DataFacts, NO_DATABASE } from '../model/disk.ts';
import { epochOf, ZXID_ZERO, type Zxid } from '../model/zxid.ts';
import { isCode } from './durable-file.ts';
import { readEpochs } from './epoch-files.ts';
import { logsAmong } from './log-names.ts';
import { rememberingCheck } from './snapshot-memory.ts';
import { type FoundSnapshots, findSnapshots } from './snapshots.ts';
import { follows, type LogScan, scanTransactionLog } from './transaction-log.ts';

/** More logs than any server keeps. Beyond this number the oldest results are forgotten. */
const REMEMBERED_LOGS = 256;
const LISTING_ATTEMPTS = 5;
const DAMAGE_LOOKS = 5;
const DAMAGE_PAUSE_MS = 100;

interface RememberedScan {
  readonly file: string;
  readonly scan: LogScan;
}

/**
 * A loop asks several times a second. So a log that has not changed is not read again, and one that has grown is read
 * from its old end.
 */
const remembered = new Map<string, RememberedScan>();

/**
 * Files 1. Undefined when there is no such directory. A part that can't be read or parsed is damage, and never ends the
 * look. `note` is the file that remembers checked snapshots.
 */
export async function readDataDirectory(
  directory: string,
  signal: AbortSignal,
  note?: string,
): Promise<DataFacts | undefined> {
  // What a server is writing at this moment can look like damage: half an entry, or a snapshot of an epoch that is not
  // noted yet. It is damage only if it stays so.
  let facts = await readListed(directory, signal, note);
  for (let look = 1; facts?.damage !== undefined && look < DAMAGE_LOOKS; look++) {
    await sleep(DAMAGE_PAUSE_MS, undefined, { signal });
    facts = await readListed(directory, signal, note);
  }
  return facts;
}

async function readListed(directory: string, signal: AbortSignal, note?: string): Promise<DataFacts | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await readOnce(directory, signal, note);
    } catch (error) {
      signal.throwIfAborted();
      // A running server purges, truncates and renames files during the read, so the agent looks again.
      if (isCode(error, 'ENOENT') && attempt < LISTING_ATTEMPTS) continue;
      return unreadableData(directory, error);
    }
  }
}

/** Nothing is known of this data, so it may hold anything. */
function unreadableData(directory: string, error: unknown): DataFacts {
  const why = error instanceof Error ? error.message : String(error);
  return {
    currentEpoch: 0,
    acceptedEpoch: 0,
    lastZxid: ZXID_ZERO,
    damage: `${directory} can't be read: ${why.replace(/\.$/, '')}.`,
    mayHoldMore: true,
  };
}

async function readOnce(directory: string, signal: AbortSignal, note?: string): Promise<DataFacts | undefined> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) {
      return undefined;
    }
    throw error;
  });
  if (names === undefined) {
    return undefined;
  }
  const snapshots = await findSnapshots(names, rememberingCheck(directory, note, signal));
  const logs = await readLogs(directory, names, snapshots, signal);
  const loaded = later(snapshots.loaded ?? ZXID_ZERO, logs.last ?? ZXID_ZERO);
  // A server without the marker makes the directory and writes −1 before it has followed a leader. So there is no
  // database yet.
  const noDatabase = snapshots.loaded === undefined && snapshots.broken === undefined && logs.names.length === 0;
  const epochs = await readEpochs(directory, noDatabase ? NO_DATABASE : epochOf(loaded));
  const damage = logs.damage ?? snapshotDamage(directory, snapshots, logs) ?? epochs.damage;
  // A snapshot that does not load gives no rank. But what it may hold stops other nodes from recovering without it.
  const lastZxid = damage === undefined ? loaded : later(loaded, snapshots.broken?.zxid ?? ZXID_ZERO);
  return {
    currentEpoch: noDatabase ? NO_DATABASE : epochs.current,
    acceptedEpoch: Math.max(0, epochs.accepted),
    lastZxid,
    ...(damage === undefined ? {} : { damage }),
    ...(damage !== undefined && logs.mayHoldMore ? { mayHoldMore: true } : {}),
  };
}

function later(a: Zxid, b: Zxid): Zxid {
  return a > b ? a : b;
}

interface FoundLogs {
  readonly names: readonly string[];
  readonly last: Zxid | undefined;
  readonly damage: string | undefined;
  readonly mayHoldMore: boolean;
  /** Whether the logs lack no entry between the loaded snapshot and the broken one. */
  readonly reachBroken: boolean;
}

/** The server replays every log that may hold something after the snapshot: the later ones, and the one before them. */
async function readLogs(
  directory: string,
  names: readonly string[],
  { loaded, broken }: FoundSnapshots,
  signal: AbortSignal,
): Promise<FoundLogs> {
  const logs = logsAmong(names);
  const firstLater = logs.findIndex((log) => log.zxid > (loaded ?? ZXID_ZERO));
  const first = firstLater < 0 ? Math.max(logs.length - 1, 0) : Math.max(firstLater - 1, 0);
  const scans: LogScan[] = [];
  let damage: string | undefined;
  for (const [index, { name }] of [...logs.entries()].slice(first)) {
    const { scan } = await scanRemembered(join(directory, name), signal);
    scans.push(scan);
    const found = scan.empty && index < logs.length - 1 ? 'it is empty and later logs follow' : scan.damage;
    if (found !== undefined) damage ??= `The transaction log ${join(directory, name)} is damaged: ${found}.`;
  }
  return {
    names: logs.map((log) => log.name),
    last: scans.findLast((scan) => scan.last !== undefined)?.last?.zxid,
    damage,
    mayHoldMore: scans.at(-1)?.mayHoldMore === true,
    reachBroken: broken === undefined || loaded === undefined || reaches(scans, loaded, broken.zxid),
  };
}

/** Whether the logs hold every entry from one snapshot to the other, as far as the numbers show. */
function reaches(scans: readonly LogScan[], from: Zxid, to: Zxid): boolean {
  let last = from;
  for (const scan of scans) {
    if (scan.first === undefined || scan.last === undefined || scan.last.zxid <= last) continue;
    const connected = scan.first <= last || follows(last, scan.first);
    if (!connected || (scan.gapAfter !== undefined && scan.gapAfter >= from)) return false;
    last = scan.last.zxid;
  }
  return last >= to;
}

function snapshotDamage(
  directory: string,
  { loaded, broken, misnamed }: FoundSnapshots,
  logs: FoundLogs,
): string | undefined {
  if (misnamed !== undefined) {
    return `${join(directory, misnamed.name)} is not the snapshot that its name tells: it ends at zxid ${misnamed.endsAt}, and a server would start on it without what came between.`;
  }
  if (broken !== undefined && loaded === undefined) {
    return `${directory} holds no snapshot that loads: ${broken.name} is damaged, ${broken.why}.`;
  }
  if (broken !== undefined && !logs.reachBroken) {
    return `${join(directory, broken.name)} is damaged: ${broken.why}, and the logs don't hold all that came between the snapshot before it and this one.`;
  }
  if (loaded === undefined && logs.names.length > 0) {
    return `${directory} holds transaction logs but no whole snapshot.`;
  }
  return undefined;
}

async function scanRemembered(path: string, signal: AbortSignal): Promise<RememberedScan> {
  const before = remembered.get(path);
  const file = await identityOf(path);
  if (before?.file === file) {
    return before;
  }
  const scan = await scanTransactionLog(path, signal, before?.scan);
  const found = { file, scan };
  remembered.delete(path);
  remembered.set(path, found);
  const oldest = remembered.keys().next();
  if (remembered.size > REMEMBERED_LOGS && oldest.done !== true) {
    remembered.delete(oldest.value);
  }
  return found;
}

/** Taken before the scan, so that what is written meanwhile shows as a change the next time. */
async function identityOf(path: string): Promise<string> {
  const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}
