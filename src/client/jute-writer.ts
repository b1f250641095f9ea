// SPDX-License-Identifier: Apache-2.0
import { NULL_DATA } from './null-data.ts';

/**
 * Writer of jute, ZooKeeper's record format: big-endian, no padding. Strings and buffers have their length before them
 * as an int (−1 for null), vectors a count. Source: ZooKeeper's BinaryOutputArchive and zookeeper.jute.
 *
 * Frames gather in one buffer until `take`, so a whole batch leaves in one write. Bytes that were taken are never
 * changed again: the next batch goes after them, or into a new buffer.
 */

const BUFFER_BYTES = 64 * 1024;
/** For up to this many ASCII characters, a loop is faster than the call into the runtime. */
const SHORT_STRING = 64;

export class JuteWriter {
  #buffer: Buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #view: DataView = viewOf(this.#buffer);
  #batchStart = 0;
  #frameStart = 0;
  #end = 0;

  /** Stands before every path; see chroot.ts. */
  readonly #chroot: string;

  constructor(chroot = '') {
    this.#chroot = chroot;
  }

  /** Bytes of the batch so far. */
  get length(): number {
    return this.#end - this.#batchStart;
  }

  beginFrame(): void {
    this.#frameStart = this.#end;
    this.int(0);
  }

  /** Bytes of the frame without its length field. */
  get frameLength(): number {
    return this.#end - this.#frameStart - 4;
  }

  endFrame(): void {
    this.#view.setInt32(this.#frameStart, this.frameLength);
  }

  /** Removes the frame that was begun last. */
  dropFrame(): void {
    this.#end = this.#frameStart;
  }

  /** The batch, as one piece of memory, which then belongs to the caller. */
  take(): Buffer {
    const batch = this.#buffer.subarray(this.#batchStart, this.#end);
    this.#batchStart = this.#end;
    return batch;
  }

  int(value: number): void {
    this.#reserve(4);
    this.#view.setInt32(this.#end, value);
    this.#end += 4;
  }

  long(value: bigint): void {
    this.#reserve(8);
    this.#view.setBigInt64(this.#end, value);
    this.#end += 8;
  }

  boolean(value: boolean): void {
    this.#reserve(1);
    this.#buffer[this.#end] = value ? 1 : 0;
    this.#end += 1;
  }

  /** Undefined is written as null. */
  string(value: string | undefined): void {
    if (value === undefined) {
      this.int(-1);
      return;
    }
    // No UTF-16 unit needs more than three bytes of UTF-8.
    this.#reserve(4 + 3 * value.length);
    const start = this.#end + 4;
    const bytes = this.#ascii(value, start) ? value.length : this.#buffer.write(value, start, 'utf8');
    this.#view.setInt32(this.#end, bytes);
    this.#end = start + bytes;
  }

  path(value: string): void {
    this.string(value === '/' && this.#chroot !== '' ? this.#chroot : this.#chroot + value);
  }

  /** A path to which something is added: `/` keeps its slash. */
  pathPrefix(value: string): void {
    this.string(this.#chroot + value);
  }

  /** NULL_DATA is written as null. */
  bytes(value: Uint8Array): void {
    if (value === NULL_DATA) {
      this.int(-1);
      return;
    }
    this.#reserve(4 + value.length);
    this.#view.setInt32(this.#end, value.length);
    this.#buffer.set(value, this.#end + 4);
    this.#end += 4 + value.length;
  }

  /** False when the string is long or not ASCII. The caller then overwrites what this wrote. */
  #ascii(value: string, start: number): boolean {
    if (value.length > SHORT_STRING) return false;
    const buffer = this.#buffer;
    for (let index = 0; index < value.length; index++) {
      const unit = value.charCodeAt(index);
      if (unit > 0x7f) return false;
      buffer[start + index] = unit;
    }
    return true;
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#buffer.length) return;
    const pending = this.length;
    const size = Math.max(BUFFER_BYTES, 2 * (pending + bytes));
    const next = Buffer.allocUnsafeSlow(size);
    this.#buffer.copy(next, 0, this.#batchStart, this.#end);
    this.#frameStart -= this.#batchStart;
    this.#end = pending;
    this.#batchStart = 0;
    this.#buffer = next;
    this.#view = viewOf(next);
  }
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
