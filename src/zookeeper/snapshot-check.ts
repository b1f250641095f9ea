// SPDX-License-Identifier: Apache-2.0
/**
 * Whether a server could load a snapshot (ZooKeeper 3.9.5, SnapStream.isValidSnapshot and checkSealIntegrity):
 *
 *     content, seal, digest, seal, last zxid, seal
 *     seal: Adler-32 of everything before it as a long, then the string "/"
 *
 * So the last seal vouches for the whole file. A file that ends after an earlier seal is whole too: an older version
 * wrote it.
 *
 * The last zxid is the one at the moment when the snapshot was complete. The server reads it, but uses the file's name.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { createGunzip, constants as zlib } from 'node:zlib';
import { toZxid, type Zxid } from '../model/zxid.ts';
import { Adler32 } from './adler32.ts';
import { SnappyChunks } from './snappy.ts';

export type Stream = 'plain' | 'gz' | 'snappy';

export type SnapshotCheck =
  /** The last zxid is absent when an older version wrote the file, or when the server was set not to write it. */
  | { readonly kind: 'whole'; readonly lastZxid?: Zxid }
  /**
   * The file does not pass the server's quick test, so the server looks past it. It was killed while it wrote the file.
   */
  | { readonly kind: 'unfinished' }
  | { readonly kind: 'broken'; readonly why: string };

const MAGIC = Buffer.from('ZKSN');
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);
const SNAPPY_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
/** The string "/": its length as an int, then the character. */
const END = Buffer.from([0, 0, 0, 1, 0x2f]);
const SEAL_BYTES = 8 + END.length;
const ZXID_BYTES = 8;
const END_BYTES = SEAL_BYTES + ZXID_BYTES + SEAL_BYTES;
const SHORTEST_BYTES = 10;
const CHUNK_BYTES = 256 * 1024;

/** Reads the whole file, in bounded memory. */
export async function checkSnapshot(path: string, stream: Stream, signal: AbortSignal): Promise<SnapshotCheck> {
  await using file = await open(path, 'r');
  if (!(await passesQuickTest(file, stream))) return { kind: 'unfinished' };
  const sealed = new Sealed();
  let cut: string | undefined;
  try {
    for await (const piece of unpacked(file, stream, signal)) sealed.update(piece);
  } catch (error) {
    signal.throwIfAborted();
    // What came before the error is judged: the server does not read past the last seal.
    cut = `it can't be read to its end (${(error as Error).message})`;
  }
  const found = sealed.judge();
  return found.kind === 'broken' && cut !== undefined ? { kind: 'broken', why: cut } : found;
}

async function passesQuickTest(file: FileHandle, stream: Stream): Promise<boolean> {
  const { size } = await file.stat();
  const read = async (length: number, position: number): Promise<Buffer> => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
    return buffer.subarray(0, bytesRead);
  };
  switch (stream) {
    case 'gz':
      return (await read(GZIP_MAGIC.length, 0)).equals(GZIP_MAGIC);
    case 'snappy':
      return (await read(SNAPPY_MAGIC.length, 0)).equals(SNAPPY_MAGIC);
    default:
      return size >= SHORTEST_BYTES && (await read(END.length, size - END.length)).equals(END);
  }
}

async function* unpacked(file: FileHandle, stream: Stream, signal: AbortSignal): AsyncGenerator<Buffer> {
  switch (stream) {
    case 'gz': {
      // A server does not read past the last seal, so the end of the packed stream may be missing.
      const gunzip = createGunzip({ finishFlush: zlib.Z_SYNC_FLUSH });
      const packed = file.createReadStream({ start: 0, highWaterMark: CHUNK_BYTES, autoClose: false, signal });
      packed.on('error', (error) => gunzip.destroy(error));
      yield* packed.pipe(gunzip);
      return;
    }
    case 'snappy': {
      const chunks = new SnappyChunks();
      for await (const piece of pieces(file, signal)) yield* chunks.add(piece);
      return;
    }
    default:
      yield* pieces(file, signal);
  }
}

/** Each piece is valid until the next one is read. */
async function* pieces(file: FileHandle, signal: AbortSignal): AsyncGenerator<Buffer> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let position = 0; ; ) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}

/** The sum of everything but the end. Where the end begins is known only when nothing more comes. */
class Sealed {
  readonly #sum = new Adler32();
  #first = Buffer.alloc(0);
  #end = Buffer.alloc(0);

  update(piece: Buffer): void {
    if (this.#first.length < MAGIC.length) {
      this.#first = Buffer.concat([this.#first, piece.subarray(0, MAGIC.length - this.#first.length)]);
    }
    if (piece.length >= END_BYTES) {
      this.#sum.update(this.#end);
      this.#sum.update(piece.subarray(0, piece.length - END_BYTES));
      this.#end = Buffer.from(piece.subarray(piece.length - END_BYTES));
      return;
    }
    const both = Buffer.concat([this.#end, piece]);
    const begin = Math.max(0, both.length - END_BYTES);
    this.#sum.update(both.subarray(0, begin));
    this.#end = both.subarray(begin);
  }

  /** May be called once, and nothing can be added after it. */
  judge(): SnapshotCheck {
    if (!this.#first.equals(MAGIC)) {
      return { kind: 'broken', why: 'it does not begin with the magic number of a snapshot' };
    }
    const last = Math.max(0, this.#end.length - SEAL_BYTES);
    // Read before the sum goes on over these bytes.
    const zxid =
      this.#end.length === END_BYTES && this.#isSeal(this.#end.subarray(0, SEAL_BYTES))
        ? this.#end.readBigUInt64BE(SEAL_BYTES)
        : undefined;
    this.#sum.update(this.#end.subarray(0, last));
    if (!this.#isSeal(this.#end.subarray(last))) return { kind: 'broken', why: 'it has a wrong checksum' };
    return { kind: 'whole', ...(zxid === undefined ? {} : { lastZxid: toZxid(zxid) }) };
  }

  #isSeal(bytes: Buffer): boolean {
    return (
      bytes.length === SEAL_BYTES &&
      bytes.subarray(8).equals(END) &&
      bytes.readBigInt64BE(0) === BigInt(this.#sum.value)
    );
  }
}
