// SPDX-License-Identifier: Apache-2.0
/**
 * Unpacks what a server wrote with `zookeeper.snapshot.compression.method=snappy` (snappy-java's SnappyOutputStream):
 *
 *     header: magic 8 bytes, version int, compatible version int
 *     chunk:  length int, a block in Snappy's own format
 *
 * Big-endian in the frame, little-endian in the block.
 */
const HEADER_BYTES = 16;
/** A server writes blocks of 32 KiB. No real block is near this size. */
const MAX_CHUNK_BYTES = 64 * 1024 * 1024;

export class SnappyChunks {
  #rest = Buffer.alloc(0);
  #headerRead = false;

  /** Returns the blocks that are complete with these bytes. Throws when the bytes are no block. */
  *add(piece: Buffer): Generator<Buffer> {
    let rest = Buffer.concat([this.#rest, piece]);
    if (!this.#headerRead && rest.length >= HEADER_BYTES) {
      this.#headerRead = true;
      rest = rest.subarray(HEADER_BYTES);
    }
    while (this.#headerRead && rest.length >= 4) {
      const length = rest.readInt32BE(0);
      if (length < 0 || length > MAX_CHUNK_BYTES) throw new Error(`a block of ${length} bytes`);
      if (rest.length < 4 + length) break;
      yield unpackBlock(rest.subarray(4, 4 + length));
      rest = rest.subarray(4 + length);
    }
    this.#rest = Buffer.from(rest);
  }
}

/** One block: its unpacked length as a varint, then literals, and copies of what was unpacked before. */
function unpackBlock(block: Buffer): Buffer {
  const { length, start } = unpackedLength(block);
  if (length > MAX_CHUNK_BYTES) throw new Error(`a block of ${length} bytes`);
  const out = Buffer.alloc(length);
  let to = 0;
  for (let at = start; at < block.length; ) {
    const tag = byteAt(block, at);
    const kind = tag & 3;
    if (kind === 0) {
      const extra = Math.max(0, (tag >> 2) - 59);
      const size = 1 + (extra === 0 ? tag >> 2 : littleEndian(block, at + 1, extra));
      at += 1 + extra;
      if (at + size > block.length || to + size > length) throw new Error('a literal beyond the block');
      to += block.copy(out, to, at, at + size);
      at += size;
      continue;
    }
    const offsetBytes = kind === 1 ? 1 : kind === 2 ? 2 : 4;
    const offset = littleEndian(block, at + 1, offsetBytes) + (kind === 1 ? (tag >> 5) << 8 : 0);
    const size = kind === 1 ? 4 + ((tag >> 2) & 7) : 1 + (tag >> 2);
    at += 1 + offsetBytes;
    if (offset === 0 || offset > to || to + size > length) throw new Error('a copy beyond the block');
    // Byte by byte, because a copy may read what it has just written.
    for (let end = to + size; to < end; to++) out[to] = byteAt(out, to - offset);
  }
  if (to !== length) throw new Error('a block that is cut off');
  return out;
}

function unpackedLength(block: Buffer): { readonly length: number; readonly start: number } {
  let length = 0;
  for (let at = 0; at < 5; at++) {
    const byte = byteAt(block, at);
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return { length, start: at + 1 };
  }
  throw new Error('a length that does not end');
}

function littleEndian(block: Buffer, at: number, count: number): number {
  if (at + count > block.length) throw new Error('a block that is cut off');
  return block.readUIntLE(at, count);
}

function byteAt(block: Buffer, at: number): number {
  const byte = block[at];
  if (byte === undefined) throw new Error('a block that is cut off');
  return byte;
}
