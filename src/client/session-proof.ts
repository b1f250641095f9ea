// SPDX-License-Identifier: Apache-2.0
import { PING_XID } from './operations/ping.ts';

/**
 * Servers keep a session for its timeout after they last heard of it. A leader may hear of it late, from a follower
 * that then dies: by half a tick, and a session lasts two ticks or more. So a quarter of the timeout is left out.
 */
const SURE_PART = 3 / 4;

/**
 * Until when a session is surely still there. An answer proves that its request had arrived, so the time at which that
 * was sent counts. At most one request at a time is looked at.
 */
export class SessionProof {
  #timeoutMs = 0;
  #provenAtMs = Number.NEGATIVE_INFINITY;
  /** The request whose answer is the next proof. Xids are never zero. */
  #probeXid = 0;
  #probeAtMs = 0;
  #pingsUnderWay = 0;

  /** By `performance.now()`; minus infinity before the first connection. */
  get sureUntilMs(): number {
    return this.#provenAtMs + this.#timeoutMs * SURE_PART;
  }

  /** A new connection asks for the session: whatever was under way on another one has no answer any more. */
  asked(): void {
    this.#probeXid = 0;
    this.#pingsUnderWay = 0;
    this.#probeAtMs = performance.now();
  }

  /** The server gave the session that was asked for. */
  opened(timeoutMs: number): void {
    this.#timeoutMs = timeoutMs;
    this.#provenAtMs = this.#probeAtMs;
  }

  sent(xid: number): void {
    if (xid === PING_XID) this.#pingsUnderWay += 1;
    // All pings have one xid: with two under way, an answer does not tell which one it is for.
    if (this.#probeXid !== 0 || (xid === PING_XID && this.#pingsUnderWay > 1)) return;
    this.#probeXid = xid;
    this.#probeAtMs = performance.now();
  }

  answered(xid: number): void {
    if (xid === PING_XID) this.#pingsUnderWay -= 1;
    if (xid !== this.#probeXid) return;
    this.#probeXid = 0;
    this.#provenAtMs = this.#probeAtMs;
  }
}
