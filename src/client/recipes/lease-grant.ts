// SPDX-License-Identifier: Apache-2.0
import type { CallOptions } from '../request.ts';
import { HoldLostError } from './vigil.ts';

interface LeaseEnd {
  readonly endMs: number;
  /** Until then, from now on. */
  readonly leftMs: number;
  readonly nowMs: () => number;
}

/** A lease that is had until its end. It is not given back by itself: it is made to outlast the process. */
export class LeaseGrant {
  /** Unix milliseconds, by the clock of this process. */
  readonly endMs: number;
  /** The transaction that granted it. Each later grant has a higher one. */
  readonly fencing: bigint;
  readonly #what: string;
  readonly #nowMs: () => number;
  readonly #giveBack: (call: CallOptions) => Promise<void>;
  readonly #ended = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(what: string, end: LeaseEnd, fencing: bigint, giveBack: (call: CallOptions) => Promise<void>) {
    this.#what = what;
    this.endMs = end.endMs;
    this.fencing = fencing;
    this.#nowMs = end.nowMs;
    this.#giveBack = giveBack;
    this.#timer = setTimeout(() => this.#end('over'), Math.max(0, end.leftMs));
    this.#timer.unref();
  }

  /**
   * Is aborted with a HoldLostError at the end of the lease, or when it is given back. A renewal is a grant of its own.
   */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /**
   * Throws the HoldLostError when the lease has ended. It looks at the clock itself, so it is right also after a pause.
   */
  assertHeld(): void {
    if (this.#nowMs() >= this.endMs) this.#end('over');
    this.signal.throwIfAborted();
  }

  /** Gives the lease back before its end. A later grant, to whomever, is left as it is. */
  async release(call: CallOptions = {}): Promise<void> {
    this.#end('released');
    await this.#giveBack(call);
  }

  #end(why: 'over' | 'released'): void {
    clearTimeout(this.#timer);
    if (!this.signal.aborted) this.#ended.abort(new HoldLostError(this.#what, why));
  }
}
