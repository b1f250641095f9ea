// SPDX-License-Identifier: Apache-2.0
/**
 * Reader of one transaction log, `version-2/log.<hex zxid>` (ZooKeeper 3.9.5, FileTxnLog and SerializeUtils):
 *
 *     header: magic int "ZKLG", version int, dbid long
 *     entry:  Adler-32 of the body as a long, length int, body, 0x42
 *     body:   clientId long, cxid int, zxid long, time long, type int, …
 *
 * All numbers are big-endian. The server preallocates its logs, so a length of zero is the end. This reader judges as
 * the server does. A missing 0x42, or a file that ends early, is a torn end, which the server accepts. A wrong checksum
 * makes it exit with 1. How long an entry may be is a setting of the server (`jute.maxbuffer`) that the agent does not
 * know. So an entry with the right checksum and the end mark is whole at any length.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { epochOf, fromZxid, toZxid, ZXID_ZERO, type Zxid } from '../model/zxid.ts';
import { Adler32 } from './adler32.ts';

const MAGIC = 0x5a4b4c47;
const HEADER_BYTES = 16;
const ENTRY_HEAD_BYTES = 12;
const ZXID_OFFSET = 12;
const TRANSACTION_HEADER_BYTES = 32;
const ENTRY_END = 0x42;
/**
 * `jute.maxbuffer` and as much again, by default. A longer entry that is not whole ends a server, or is the torn end.
 */
const USUAL_BODY_BYTES = 2 * 0xf_ffff;
const CHUNK_BYTES = 256 * 1024;

/** A whole entry: its offset, and the values that must still be there when a later scan goes on after it. */
interface TransactionEntry {
  readonly offset: number;
  readonly checksum: bigint;
  readonly zxid: Zxid;
}

export interface LogScan {
  /** The file has no byte at all: the server crashed before it wrote the header. */
  readonly empty: boolean;
  /** The last whole entry, even if it comes after a damaged one. */
  readonly last: TransactionEntry | undefined;
  /** The damage that makes a server end: one sentence, without the file's name. */
  readonly damage: string | undefined;
  /** The damage hides where the log ends, so the log may hold more than `last` says. */
  readonly mayHoldMore: boolean;
  /** The last zxid before a gap: the next entry is neither the next number nor the first of a later epoch. */
  readonly gapAfter: Zxid | undefined;
  readonly first: Zxid | undefined;
}

/**
 * Reads the log piece by piece, in bounded memory. With an earlier scan it reads only what was appended since. It reads
 * the whole log if the earlier scan found damage, or if its last entry is no longer there (the server truncates logs).
 */
export async function scanTransactionLog(
  path: string,
  signal: AbortSignal,
  before: LogScan | undefined = undefined,
): Promise<LogScan> {
  const file = await open(path, 'r');
  try {
    const appended = before === undefined ? undefined : await scanAfter(file, before, signal);
    return appended ?? (await scanWhole(file, signal));
  } finally {
    await file.close();
  }
}

async function scanWhole(file: FileHandle, signal: AbortSignal): Promise<LogScan> {
  const bytes = new Bytes(file, 0);
  const header = await bytes.next(HEADER_BYTES);
  if (header === undefined) {
    const empty = (await file.stat()).size === 0;
    return { ...NOTHING, empty, damage: empty ? undefined : 'its header is cut off' };
  }
  if (header.readUInt32BE(0) !== MAGIC) {
    const damage = 'it does not begin with the magic number of a transaction log';
    return { ...NOTHING, damage, mayHoldMore: true };
  }
  return scanEntries(bytes, NOTHING, signal);
}

const NOTHING: LogScan = {
  empty: false,
  last: undefined,
  damage: undefined,
  mayHoldMore: false,
  gapAfter: undefined,
  first: undefined,
};

async function scanAfter(file: FileHandle, before: LogScan, signal: AbortSignal): Promise<LogScan | undefined> {
  // Damage may have been mended since.
  if (before.last === undefined || before.damage !== undefined) return undefined;
  const bytes = new Bytes(file, before.last.offset);
  const same = await nextEntry(bytes, signal);
  const there =
    same?.kind === 'whole' && same.entry.zxid === before.last.zxid && same.entry.checksum === before.last.checksum;
  return there ? scanEntries(bytes, before, signal) : undefined;
}

async function scanEntries(from: Bytes, before: LogScan, signal: AbortSignal): Promise<LogScan> {
  let bytes = from;
  let scan = before;
  for (;;) {
    signal.throwIfAborted();
    const found = await nextEntry(bytes, signal);
    if (found === undefined) return scan;
    if (found.kind === 'whole') {
      scan = after(scan, found.entry);
      continue;
    }
    scan = { ...scan, damage: scan.damage ?? found.why, mayHoldMore: true };
    if (found.next === undefined) return scan;
    // The scan goes on only to learn what the log holds. A server goes no further.
    if (found.next !== bytes.position) bytes = bytes.from(found.next);
  }
}

function after(scan: LogScan, entry: TransactionEntry): LogScan {
  const { last } = scan;
  const gap = last !== undefined && !follows(last.zxid, entry.zxid);
  return {
    ...scan,
    first: scan.first ?? entry.zxid,
    last: entry,
    // A whole entry after a damaged one shows that the damage does not hide the end.
    mayHoldMore: false,
    gapAfter: scan.gapAfter ?? (gap ? last.zxid : undefined),
  };
}

/** Whether a log may go on like this: with the next number of the epoch, or with the first of a later one. */
export function follows(before: Zxid, next: Zxid): boolean {
  const [a, b] = [fromZxid(before), fromZxid(next)];
  return b === a + 1n || (epochOf(next) > epochOf(before) && (b & 0xffff_ffffn) === 1n);
}

type Found =
  | { readonly kind: 'whole'; readonly entry: TransactionEntry }
  /** `next`: where the next entry begins, in bytes. Undefined when that can't be told. */
  | { readonly kind: 'wrong'; readonly why: string; readonly next: number | undefined };

/** Undefined at the end of the log, torn or not. */
async function nextEntry(bytes: Bytes, signal: AbortSignal): Promise<Found | undefined> {
  const offset = bytes.position;
  const head = await bytes.next(ENTRY_HEAD_BYTES);
  if (head === undefined) return undefined;
  const checksum = head.readBigInt64BE(0);
  const length = head.readInt32BE(8);
  if (length === 0) return undefined;
  if (length < 0) {
    const next = await offsetOfEntryAfter(bytes.from(offset), signal);
    return { kind: 'wrong', why: `the entry at byte ${offset} claims an impossible length of ${length}`, next };
  }
  const body = await checkBody(bytes, length, signal);
  if (body === undefined) {
    const next = length > USUAL_BODY_BYTES ? await offsetOfEntryAfter(bytes.from(offset), signal) : undefined;
    if (next === undefined) return undefined;
    const why = `the entry at byte ${offset} claims a length of ${length}, and other entries stand within it`;
    return { kind: 'wrong', why, next };
  }
  if (BigInt(body.checksum) !== checksum || length < TRANSACTION_HEADER_BYTES) {
    return { kind: 'wrong', why: `the entry at byte ${offset} has a wrong checksum`, next: bytes.position };
  }
  return { kind: 'whole', entry: { offset, checksum, zxid: body.zxid } };
}

/**
 * Reads piece by piece, so that the memory does not depend on the length that an entry claims. Undefined when the end
 * mark is not there.
 */
async function checkBody(
  bytes: Bytes,
  length: number,
  signal: AbortSignal,
): Promise<{ readonly checksum: number; readonly zxid: Zxid } | undefined> {
  const sum = new Adler32();
  if (length < CHUNK_BYTES) {
    const whole = await bytes.next(length + 1);
    if (whole?.[length] !== ENTRY_END) return undefined;
    sum.update(whole.subarray(0, length));
    return { checksum: sum.value, zxid: zxidIn(whole) };
  }
  let zxid = ZXID_ZERO;
  for (let left = length; left > 0; ) {
    signal.throwIfAborted();
    const piece = await bytes.next(Math.min(left, CHUNK_BYTES));
    if (piece === undefined) return undefined;
    if (left === length) zxid = zxidIn(piece);
    sum.update(piece);
    left -= piece.length;
  }
  const mark = await bytes.next(1);
  return mark?.[0] === ENTRY_END ? { checksum: sum.value, zxid } : undefined;
}

function zxidIn(body: Buffer): Zxid {
  return body.length < TRANSACTION_HEADER_BYTES ? ZXID_ZERO : toZxid(body.readBigInt64BE(ZXID_OFFSET));
}

/**
 * Where the entry begins that follows this one by its zxid, anywhere after its head. If there is one, the length is
 * wrong, and what looks like a torn end is the middle of the log.
 */
async function offsetOfEntryAfter(bytes: Bytes, signal: AbortSignal): Promise<number | undefined> {
  const head = await bytes.next(ENTRY_HEAD_BYTES + TRANSACTION_HEADER_BYTES);
  if (head === undefined) return undefined;
  const next = Buffer.alloc(8);
  next.writeBigInt64BE(BigInt.asIntN(64, head.readBigInt64BE(ENTRY_HEAD_BYTES + ZXID_OFFSET) + 1n));
  const distance = ENTRY_HEAD_BYTES + ZXID_OFFSET;
  let before = Buffer.alloc(0);
  for (;;) {
    signal.throwIfAborted();
    const piece = await bytes.upTo(CHUNK_BYTES);
    if (piece.length === 0) return undefined;
    const window = Buffer.concat([before, piece]);
    for (let at = window.indexOf(next); at >= 0; at = window.indexOf(next, at + 1)) {
      const start = at - distance;
      if (start >= 1 && window[start - 1] === ENTRY_END) return bytes.position - window.length + start;
    }
    before = window.subarray(Math.max(0, window.length - distance - next.length));
  }
}

/** The bytes of a file in order, through one buffer. */
class Bytes {
  readonly #file: FileHandle;
  #buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  #start = 0;
  #end = 0;
  position: number;

  constructor(file: FileHandle, position: number) {
    this.#file = file;
    this.position = position;
  }

  /** The bytes are valid until the next call. Undefined when the file ends before that many bytes. */
  async next(count: number): Promise<Buffer | undefined> {
    while (this.#end - this.#start < count) {
      this.#makeRoom(count);
      const from = this.position + (this.#end - this.#start);
      const { bytesRead } = await this.#file.read(this.#buffer, this.#end, this.#buffer.length - this.#end, from);
      if (bytesRead === 0) {
        return undefined;
      }
      this.#end += bytesRead;
    }
    const found = this.#buffer.subarray(this.#start, this.#start + count);
    this.#start += count;
    this.position += count;
    return found;
  }

  /** As many bytes as there are, up to a limit. */
  async upTo(limit: number): Promise<Buffer> {
    const buffered = this.#end - this.#start;
    return (await this.next(buffered > 0 ? Math.min(buffered, limit) : 1)) ?? Buffer.alloc(0);
  }

  /** The same file, read from another place. */
  from(position: number): Bytes {
    return new Bytes(this.#file, position);
  }

  #makeRoom(count: number): void {
    if (this.#buffer.length - this.#start >= count && this.#end < this.#buffer.length) {
      return;
    }
    const rest = this.#buffer.subarray(this.#start, this.#end);
    const room = count > this.#buffer.length ? Buffer.allocUnsafe(count + CHUNK_BYTES) : this.#buffer;
    // `copy` is safe when source and target overlap.
    rest.copy(room, 0);
    this.#buffer = room;
    this.#end -= this.#start;
    this.#start = 0;
  }
}
