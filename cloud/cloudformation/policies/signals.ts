// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';

interface Signal {
  readonly uniqueId: string;
  readonly status: 'SUCCESS' | 'FAILURE';
}

/** The clock of a wait for signals, which looks at it every `pollMs`. */
export interface SignalClock {
  nowMs(): number;
  readonly pollMs: number;
}

/** The signals for one resource in one operation. A unique id counts only once. */
export class SignalBox {
  readonly #received: Signal[] = [];
  readonly #waiters = new Set<() => void>();
  #taken = 0;

  /** False when this id has already signalled. */
  add(signal: Signal): boolean {
    if (this.#received.some(({ uniqueId }) => uniqueId === signal.uniqueId)) return false;
    this.#received.push(signal);
    for (const waiter of this.#waiters) waiter();
    return true;
  }

  /** The next unread signal; undefined when none comes in time by this clock. Rejects when aborted. */
  async next(limitAtMs: number, clock: SignalClock, signal: AbortSignal): Promise<Signal | undefined> {
    for (;;) {
      signal.throwIfAborted();
      const found = this.#received[this.#taken];
      if (found !== undefined) {
        this.#taken += 1;
        return found;
      }
      const leftMs = limitAtMs - clock.nowMs();
      if (leftMs <= 0) return undefined;
      await this.#change(Math.min(leftMs, clock.pollMs), signal);
    }
  }

  async #change(limitMs: number, signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const wake = (): void => ended.abort();
    this.#waiters.add(wake);
    try {
      await sleep(limitMs, undefined, { signal: AbortSignal.any([signal, ended.signal]) });
    } catch (error) {
      if (signal.aborted) throw error;
    } finally {
      this.#waiters.delete(wake);
    }
  }
}

/** Where a wait finds its signals, its clock and its end: part of a resource's context. */
interface SignalWait {
  readonly signals: SignalBox;
  readonly timings: SignalClock;
  /** Ends the wait. */
  readonly signal: AbortSignal;
}

/**
 * Waits for this number of signals, one after the other, and passes each on. Resolves with the number that did not
 * come.
 */
export async function waitForSignals(
  { signals, timings, signal: abort }: SignalWait,
  count: number,
  limitMs: number,
  heard: (signal: Signal) => void,
): Promise<number> {
  const limitAtMs = timings.nowMs() + limitMs;
  for (let received = 0; received < count; received++) {
    const signal = await signals.next(limitAtMs, timings, abort);
    if (signal === undefined) return count - received;
    heard(signal);
  }
  return 0;
}
