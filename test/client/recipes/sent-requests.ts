// SPDX-License-Identifier: Apache-2.0
import { Socket } from 'node:net';

const PING = 11;
const SET_WATCHES = 105;

/**
 * Counts the requests that the clients of this process write to their sockets, without pings and batches of watches. A
 * client writes whole frames: length, xid, opcode. Only a handshake has zero in the place of an xid.
 */
export class SentRequests {
  #count = 0;
  #watchBatches = 0;

  constructor() {
    const look = (bytes: unknown): void => {
      if (Buffer.isBuffer(bytes)) this.#look(bytes);
    };
    const write = Socket.prototype.write;
    Socket.prototype.write = function (this: Socket, ...words: unknown[]): boolean {
      look(words[0]);
      return Reflect.apply(write, this, words);
    };
  }

  /** Since they were taken before. */
  take(): { readonly requests: number; readonly watchBatches: number } {
    const taken = { requests: this.#count, watchBatches: this.#watchBatches };
    this.#count = 0;
    this.#watchBatches = 0;
    return taken;
  }

  get requests(): number {
    return this.#count;
  }

  #look(bytes: Buffer): void {
    for (let at = 0; at + 12 <= bytes.length; at += 4 + bytes.readInt32BE(at)) {
      const opcode = bytes.readInt32BE(at + 8);
      if (bytes.readInt32BE(at + 4) === 0 || opcode === PING) continue;
      if (opcode === SET_WATCHES) this.#watchBatches += 1;
      else this.#count += 1;
    }
  }
}
