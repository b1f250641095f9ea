// SPDX-License-Identifier: Apache-2.0
import { limitProblem } from '../limit.ts';
import type { CallOptions } from '../request.ts';

/** The limit of a recipe's call, if none is given. */
export const CALL_LIMIT_MS = 30_000;

/** One limit and one signal for all requests of a call. */
export class CallLimit {
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
  readonly #endMs: number;

  /** Throws BAD_REQUEST for a limit out of range, and the reason of a signal that is aborted. */
  constructor({ signal, timeoutMs = CALL_LIMIT_MS }: CallOptions) {
    const problem = limitProblem('timeoutMs', timeoutMs);
    if (problem !== undefined) throw problem;
    signal?.throwIfAborted();
    this.signal = signal;
    this.timeoutMs = timeoutMs;
    this.#endMs = performance.now() + timeoutMs;
  }

  get leftMs(): number {
    return Math.max(0, this.#endMs - performance.now());
  }

  /** Nobody waits for the call any more. */
  get isOver(): boolean {
    return this.signal?.aborted === true || this.leftMs === 0;
  }

  /** What is left, for the next request. */
  next(): CallOptions {
    const timeoutMs = Math.max(1, Math.ceil(this.leftMs));
    return this.signal === undefined ? { timeoutMs } : { signal: this.signal, timeoutMs };
  }
}
