// SPDX-License-Identifier: Apache-2.0
import { ProtocolError } from './errors.ts';
import { NULL_DATA } from './null-data.ts';

/**
 * Reader of jute (see jute-writer.ts) over one frame inside a larger chunk. It moves from frame to frame without
 * copying, and never reads past its frame. A record that claims to be longer is a ProtocolError. It returns copies, so
 * a small value never keeps a whole chunk in memory.
 */
export class JuteReader {
  #buffer: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #offset = 0;
  #end = 0;
  /** Stands before every path; see chroot.ts. */
  readonly #chroot: string;

  constructor(chroot = '') {
    this.#chroot = chroot;
  }

  /** Sets the chunk that contains the following frames. */
  setChunk(chunk: Buffer): void {
    this.#buffer = chunk;
    this.#view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.#offset = 0;
    this.#end = 0;
  }

  setFrame(start: number, end: number): void {
    this.#offset = start;
    this.#end = end;
  }

  get remaining(): number {
    return this.#end - this.#offset;
  }

  int(): number {
    return this.#view.getInt32(this.#advance(4));
  }

  long(): bigint {
    return this.#view.getBigInt64(this.#advance(8));
  }

  /** A long that holds a time or a count: exact up to 2^53. */
  longAsNumber(): number {
    const at = this.#advance(8);
    return this.#view.getInt32(at) * 0x1_0000_0000 + this.#view.getUint32(at + 4);
  }

  boolean(): boolean {
    return this.#view.getUint8(this.#advance(1)) !== 0;
  }

  /** Null reads as an empty string. */
  string(): string {
    const length = this.#length();
    const at = this.#advance(length);
    return length === 0 ? '' : this.#buffer.toString('utf8', at, at + length);
  }

  path(): string {
    const path = this.string();
    const below = this.belowChroot(path);
    if (below === undefined) throw new ProtocolError(`the path ${path} is not below the chroot ${this.#chroot}`);
    return below;
  }

  /** What a path of the server is for this client; undefined for one that is not below the chroot. */
  belowChroot(path: string): string | undefined {
    const chroot = this.#chroot;
    if (chroot === '') return path;
    if (path === chroot) return '/';
    return path.startsWith(`${chroot}/`) ? path.slice(chroot.length) : undefined;
  }

  /** Null reads as NULL_DATA, which is empty. */
  bytes(): Buffer {
    const claimed = this.int();
    if (claimed === -1) return NULL_DATA;
    const length = checkedLength(claimed);
    const at = this.#advance(length);
    const copy = Buffer.allocUnsafe(length);
    this.#buffer.copy(copy, 0, at, at + length);
    return copy;
  }

  strings(): string[] {
    return this.vector(4, (reader) => reader.string());
  }

  /**
   * A vector of records of at least `leastBytes` each. So a wrong count fails here, before any memory is taken for it.
   * Null reads as an empty list.
   */
  vector<Item>(leastBytes: number, read: (reader: JuteReader) => Item): Item[] {
    const count = this.#length();
    if (count * leastBytes > this.remaining) {
      throw new ProtocolError(`a vector claims ${count} items in ${this.remaining} bytes`);
    }
    const items: Item[] = [];
    for (let index = 0; index < count; index++) items.push(read(this));
    return items;
  }

  #length(): number {
    const length = this.int();
    return length === -1 ? 0 : checkedLength(length);
  }

  #advance(bytes: number): number {
    const at = this.#offset;
    if (at + bytes > this.#end) {
      throw new ProtocolError(
        `a record of ${bytes} bytes does not fit into the ${this.remaining} bytes left of its frame`,
      );
    }
    this.#offset = at + bytes;
    return at;
  }
}

function checkedLength(length: number): number {
  if (length < 0) throw new ProtocolError(`a record has the length ${length}`);
  return length;
}
