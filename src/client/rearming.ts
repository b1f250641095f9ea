// SPDX-License-Identifier: Apache-2.0
import type { JuteWriter } from './jute-writer.ts';
import { encodeSetWatches, SET_WATCHES_BYTES } from './operations/set-watches.ts';
import type { WatchTable } from './watch-table.ts';

/** The largest frame that sets watches again. The answer to one comes before the next is sent. */
const MAX_FRAME_BYTES = 128 * 1024;

/** What of a connection's settings decides how many paths fit into a frame. */
interface RearmingLimits {
  readonly maxRequestBytes: number;
  /** Stands before every path on the wire. */
  readonly chroot?: string;
}

/** What of a session's state its watches need. */
export interface WatchingSession {
  /**
   * Every watch was told of all events up to this transaction. Only an answer proves that: a notification may be the
   * first of several for one transaction, and the rest may be lost.
   */
  watchedZxid: bigint;
  readonly watches: WatchTable;
}

/** Sets the watches of a session on one new connection, batch by batch. */
export class Rearming {
  readonly #session: WatchingSession;
  readonly #batches: ReturnType<WatchTable['batches']>;
  #isDone = false;

  constructor(session: WatchingSession, limits: RearmingLimits) {
    this.#session = session;
    this.#batches = session.watches.batches(pathBytes(limits), chrootBytes(limits));
  }

  /** All watches are set. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Writes the next frame, or tells the watches that they are set again. */
  next(writer: JuteWriter): void {
    const batch = this.#batches.next();
    if (batch.done === true) {
      this.#isDone = true;
      this.#session.watches.rearmed();
      return;
    }
    writer.beginFrame();
    encodeSetWatches(writer, this.#session.watchedZxid, batch.value);
    writer.endFrame();
  }
}

/** The longest path that a watch may have, in bytes: with its length it has to fit into one frame. */
export function maxWatchedBytes(limits: RearmingLimits): number {
  return pathBytes(limits) - 4 - chrootBytes(limits);
}

function pathBytes(limits: RearmingLimits): number {
  return Math.min(MAX_FRAME_BYTES, limits.maxRequestBytes) - SET_WATCHES_BYTES;
}

function chrootBytes(limits: RearmingLimits): number {
  return Buffer.byteLength(limits.chroot ?? '');
}
