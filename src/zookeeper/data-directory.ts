/** What a `version-2` directory holds, as the server would see it if it started on it. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError } from '../errors.ts';
import { type DataFacts, NO_DATABASE } from '../model/disk.ts';
import { epochOf, toZxid, ZXID_ZERO, type Zxid } from '../model/zxid.ts';
import { isCode, readIfThere } from './durable-file.ts';
import { newestSnapshot } from './snapshots.ts';
import { type LogScan, scanTransactionLog } from './transaction-log.ts';

const LOG_NAME = /^log\.([0-9a-f]{1,16})$/;
/** More logs than any server keeps; the oldest results are forgotten beyond it. */
const REMEMBERED_LOGS = 256;
const LISTING_ATTEMPTS = 5;
const DAMAGE_LOOKS = 5;
const DAMAGE_PAUSE_MS = 100;

interface RememberedScan {
  readonly file: string;
  readonly scan: LogScan;
}

/** A loop asks several times a second: a log that did not change since is not read again, a grown one from its end. */
const remembered = new Map<string, RememberedScan>();

/** Undefined when there is no such directory. Rejects with BAD_DATA_DIRECTORY when it can't be understood. */
export async function readDataDirectory(directory: string, signal: AbortSignal): Promise<DataFacts | undefined> {
  // A server that writes this very moment can look like damage: an entry half written, a snapshot of an epoch that is
  // not noted yet. Only what stays is damage.
  let facts = await readListed(directory, signal);
  for (let look = 1; facts?.damage !== undefined && look < DAMAGE_LOOKS; look++) {
    await sleep(DAMAGE_PAUSE_MS, undefined, { signal });
    facts = await readListed(directory, signal);
  }
  return facts;
}

async function readListed(directory: string, signal: AbortSignal): Promise<DataFacts | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await readOnce(directory, signal);
    } catch (error) {
      // A running server purges, truncates and renames while we read: look again.
      if (!isCode(error, 'ENOENT') || attempt === LISTING_ATTEMPTS) {
        throw error;
      }
    }
  }
}

async function readOnce(directory: string, signal: AbortSignal): Promise<DataFacts | undefined> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) {
      return undefined;
    }
    throw error;
  });
  if (names === undefined) {
    return undefined;
  }
  const snapshot = await newestSnapshot(directory, names);
  const { logged, damage: logDamage } = await readLogs(directory, names, snapshot, signal);
  const lastZxid = [snapshot ?? ZXID_ZERO, logged ?? ZXID_ZERO].sort().at(-1) ?? ZXID_ZERO;
  // In this order: the server raises the accepted epoch first, so that what is read never has it behind.
  const currentEpoch = await readEpoch(directory, 'currentEpoch', epochOf(lastZxid));
  const acceptedEpoch = Math.max(0, await readEpoch(directory, 'acceptedEpoch', epochOf(lastZxid)));
  // A server without the marker makes the directory, and writes −1, before it has followed anybody: no database yet.
  if (snapshot === undefined && logged === undefined && logDamage === undefined) {
    return { currentEpoch: NO_DATABASE, acceptedEpoch, lastZxid };
  }
  const half = names.includes('currentEpoch.tmp');
  const damage = logDamage ?? epochDamage(currentEpoch, acceptedEpoch, lastZxid, half);
  return { currentEpoch, acceptedEpoch, lastZxid, ...(damage === undefined ? {} : { damage }) };
}

/** The server replays every log that may hold something after the snapshot: the later ones and the one before those. */
async function readLogs(
  directory: string,
  names: readonly string[],
  snapshot: Zxid | undefined,
  signal: AbortSignal,
): Promise<{ logged: Zxid | undefined; damage: string | undefined }> {
  const logs = names
    .filter((name) => LOG_NAME.test(name))
    .map((name) => ({ name, zxid: toZxid(BigInt(`0x${name.slice('log.'.length)}`)) }))
    .sort((a, b) => (a.zxid < b.zxid ? -1 : 1));
  const later = logs.findIndex((log) => log.zxid > (snapshot ?? ZXID_ZERO));
  const first = later < 0 ? Math.max(logs.length - 1, 0) : Math.max(later - 1, 0);
  let logged: Zxid | undefined;
  for (const [index, { name }] of [...logs.entries()].slice(first)) {
    const { scan } = await scanRemembered(join(directory, name), signal);
    logged = scan.last?.zxid ?? logged;
    const damage = scan.empty && index < logs.length - 1 ? 'it is empty and later logs follow' : scan.damage;
    if (damage !== undefined) {
      return { logged, damage: `The transaction log ${join(directory, name)} is damaged: ${damage}.` };
    }
  }
  if (snapshot === undefined && logs.length > 0) {
    return { logged, damage: `${directory} holds transaction logs but no whole snapshot, so no server starts on it.` };
  }
  return { logged, damage: undefined };
}

async function scanRemembered(path: string, signal: AbortSignal): Promise<RememberedScan> {
  const before = remembered.get(path);
  const file = await identityOf(path);
  if (before?.file === file) {
    return before;
  }
  const scan = await scanTransactionLog(path, signal, before?.scan.last);
  const found = { file, scan };
  remembered.delete(path);
  remembered.set(path, found);
  const oldest = remembered.keys().next();
  if (remembered.size > REMEMBERED_LOGS && oldest.done !== true) {
    remembered.delete(oldest.value);
  }
  return found;
}

/** Taken before the scan: what is written meanwhile shows as a change the next time. */
async function identityOf(path: string): Promise<string> {
  const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}

/** The server, too, takes a missing epoch from the last zxid. */
async function readEpoch(directory: string, name: string, fallback: number): Promise<number> {
  const text = await readIfThere(join(directory, name));
  if (text === undefined) {
    return fallback;
  }
  if (!/^(-1|\d{1,10})$/.test(text.trim())) {
    throw new AgentError(
      'BAD_DATA_DIRECTORY',
      `${join(directory, name)} should hold one number but holds ${JSON.stringify(text.slice(0, 40))}.`,
      'Move the data directory aside by hand and run the agent again: the node then joins the others without data.',
    );
  }
  return Number(text.trim());
}

/** Two checks that the server makes before it takes part (QuorumPeer.loadDataBase). */
function epochDamage(current: number, accepted: number, lastZxid: Zxid, halfWritten: boolean): string | undefined {
  if (epochOf(lastZxid) > current && !halfWritten) {
    return `The current epoch ${current} is older than the last zxid 0x${lastZxid}, so no server starts on it.`;
  }
  if (accepted < current) {
    return `The accepted epoch ${accepted} is below the current epoch ${current}, so no server starts on it.`;
  }
  return undefined;
}
