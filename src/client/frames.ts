// SPDX-License-Identifier: Apache-2.0
import { ProtocolError } from './errors.ts';
import { JuteReader } from './jute-reader.ts';

/**
 * Cuts the byte stream of one connection into frames: an int with the length, then that many bytes. It reads each chunk
 * once. Only a frame that spans chunks is copied, and put together when its last byte has come. So a chunk belongs to
 * the caller again when `push` returns. Memory is taken only for bytes that came, so a false length costs none.
 */
export class FrameParser {
  readonly #maxFrameBytes: number;
  readonly #onFrame: (reader: JuteReader) => void;
  readonly #reader: JuteReader;
  #partial: Buffer[] = [];
  #partialBytes = 0;
  /** The full size of the partial frame, with its length field. Undefined while the length field is incomplete. */
  #wantedBytes: number | undefined;
  #stopped = false;

  constructor(maxFrameBytes: number, onFrame: (reader: JuteReader) => void, chroot = '') {
    this.#reader = new JuteReader(chroot);
    this.#maxFrameBytes = maxFrameBytes;
    this.#onFrame = onFrame;
  }

  /** After this no frame is handed out any more, not even from the chunk that is being parsed. */
  stop(): void {
    this.#stopped = true;
    this.#partial = [];
  }

  /** Throws a ProtocolError for an impossible length; the connection is then useless. */
  push(chunk: Buffer): void {
    let rest = chunk;
    while (this.#partialBytes > 0 && rest.length > 0 && !this.#stopped) rest = this.#complete(rest);
    if (rest.length > 0 && !this.#stopped) this.#whole(rest);
  }

  /** Hands out every whole frame of the chunk and keeps what follows the last one. */
  #whole(chunk: Buffer): void {
    const reader = this.#reader;
    reader.setChunk(chunk);
    let at = 0;
    while (chunk.length - at >= 4) {
      const end = at + 4 + this.#checked(chunk.readInt32BE(at));
      if (end > chunk.length) break;
      reader.setFrame(at + 4, end);
      at = end;
      this.#onFrame(reader);
      if (this.#stopped) return;
    }
    if (at < chunk.length) this.#keep(chunk.subarray(at));
  }

  /** Adds the missing bytes to the partial frame. Returns the bytes after them. */
  #complete(chunk: Buffer): Buffer {
    const wanted = this.#wantedBytes ?? 4;
    const taken = Math.min(wanted - this.#partialBytes, chunk.length);
    this.#keep(chunk.subarray(0, taken));
    if (this.#wantedBytes !== undefined && this.#partialBytes === this.#wantedBytes) {
      const frame = this.#partial.length === 1 ? (this.#partial[0] ?? chunk) : Buffer.concat(this.#partial);
      this.#partial = [];
      this.#partialBytes = 0;
      this.#wantedBytes = undefined;
      this.#reader.setChunk(frame);
      this.#reader.setFrame(4, frame.length);
      this.#onFrame(this.#reader);
    }
    return chunk.subarray(taken);
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#partial.push(Buffer.from(bytes));
    this.#partialBytes += bytes.length;
    if (this.#wantedBytes === undefined && this.#partialBytes >= 4) {
      const head = Buffer.concat(this.#partial);
      this.#partial = [head];
      this.#wantedBytes = 4 + this.#checked(head.readInt32BE(0));
    }
  }

  #checked(length: number): number {
    if (length < 0 || length > this.#maxFrameBytes) {
      throw new ProtocolError(`a frame claims ${length} bytes, the limit is ${this.#maxFrameBytes}`);
    }
    return length;
  }
}
