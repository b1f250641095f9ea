/**
 * Reader of one transaction log, `version-2/log.<hex zxid>` (ZooKeeper 3.9.5, FileTxnLog and SerializeUtils):
 *
 *     header: magic int "ZKLG", version int, dbid long
 *     entry:  Adler-32 of the body as a long, length int, body, 0x42
 *     body:   clientId long, cxid int, zxid long, time long, type int, …
 *
 * Big-endian throughout; the server preallocates, so a length of zero is the end. What follows copies the server's own
 * judgement: a missing 0x42 or a file that ends early is a torn tail, which it forgives; a wrong checksum or an
 * impossible length makes it exit 1.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { toZxid, type Zxid } from '../model/zxid.ts';
import { adler32 } from './adler32.ts';

const MAGIC = 0x5a4b4c47;
const HEADER_BYTES = 16;
const ENTRY_HEAD_BYTES = 12;
const ZXID_OFFSET = 12;
const TRANSACTION_HEADER_BYTES = 32;
const ENTRY_END = 0x42;
/** `jute.maxbuffer` plus as much again for the server's own extra; a longer entry the server refuses. */
const MAX_BODY_BYTES = 2 * 0xf_ffff;
const CHUNK_BYTES = 256 * 1024;

/** A whole entry: where it begins, and what must still stand there for a scan to go on after it. */
export interface LogEntry {
  readonly offset: number;
  readonly checksum: bigint;
  readonly zxid: Zxid;
}

export interface LogScan {
  /** The file has no byte at all: the server crashed before it wrote the header. */
  readonly empty: boolean;
  readonly last: LogEntry | undefined;
  /** Why a server would refuse to start on it; one sentence without the file's name. */
  readonly damage: string | undefined;
}

/**
 * Streams the log in bounded memory. With `after`, the last entry of an earlier scan, only what was appended since is
 * read; when that entry is no longer there (the server truncates logs), the whole log is.
 */
export async function scanTransactionLog(
  path: string,
  signal: AbortSignal,
  after: LogEntry | undefined = undefined,
): Promise<LogScan> {
  const file = await open(path, 'r');
  try {
    const appended = after === undefined ? undefined : await scanAfter(file, after, signal);
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
    return { empty, last: undefined, damage: empty ? undefined : 'its header is cut off' };
  }
  if (header.readUInt32BE(0) !== MAGIC) {
    return { empty: false, last: undefined, damage: 'it does not begin with the magic number of a transaction log' };
  }
  return scanEntries(bytes, undefined, signal);
}

async function scanAfter(file: FileHandle, after: LogEntry, signal: AbortSignal): Promise<LogScan | undefined> {
  const bytes = new Bytes(file, after.offset);
  const same = await nextEntry(bytes);
  const there = typeof same === 'object' && same.zxid === after.zxid && same.checksum === after.checksum;
  return there ? scanEntries(bytes, after, signal) : undefined;
}

async function scanEntries(bytes: Bytes, before: LogEntry | undefined, signal: AbortSignal): Promise<LogScan> {
  let last = before;
  for (;;) {
    signal.throwIfAborted();
    const entry = await nextEntry(bytes);
    if (typeof entry === 'string') {
      return { empty: false, last, damage: entry };
    }
    if (entry === undefined) {
      return { empty: false, last, damage: undefined };
    }
    last = entry;
  }
}

/** Undefined at the end, torn or not; a sentence when the entry is damaged. */
async function nextEntry(bytes: Bytes): Promise<LogEntry | string | undefined> {
  const offset = bytes.position;
  const head = await bytes.next(ENTRY_HEAD_BYTES);
  if (head === undefined) {
    return undefined;
  }
  const checksum = head.readBigInt64BE(0);
  const length = head.readInt32BE(8);
  if (length === 0) {
    return undefined;
  }
  if (length < 0 || length > MAX_BODY_BYTES) {
    return `the entry at byte ${offset} claims an impossible length of ${length}`;
  }
  const body = await bytes.next(length + 1);
  if (body === undefined || body[length] !== ENTRY_END) {
    return undefined;
  }
  const content = body.subarray(0, length);
  if (BigInt(adler32(content)) !== checksum || length < TRANSACTION_HEADER_BYTES) {
    return `the entry at byte ${offset} has a wrong checksum`;
  }
  return { offset, checksum, zxid: toZxid(content.readBigInt64BE(ZXID_OFFSET)) };
}

/** The bytes of a file in order, by one buffer that grows to the longest entry only. */
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

  /** Valid until the next call; undefined when the file ends before that many bytes. */
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

  #makeRoom(count: number): void {
    if (this.#buffer.length - this.#start >= count && this.#end < this.#buffer.length) {
      return;
    }
    const rest = this.#buffer.subarray(this.#start, this.#end);
    const room = count > this.#buffer.length ? Buffer.allocUnsafe(count + CHUNK_BYTES) : this.#buffer;
    // `copy` is safe when the two overlap.
    rest.copy(room, 0);
    this.#buffer = room;
    this.#end -= this.#start;
    this.#start = 0;
  }
}
