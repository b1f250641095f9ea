// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';

interface Signal {
  readonly uniqueId: string;
  readonly status: 'SUCCESS' | 'FAILURE';
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

  /** The next unread signal; undefined when none comes in time. Rejects when aborted. */
  async next(limitAtMs: number, signal: AbortSignal): Promise<Signal | undefined> {
    for (;;) {
      signal.throwIfAborted();
      const found = this.#received[this.#taken];
      if (found !== undefined) {
        this.#taken += 1;
        return found;
      }
      const leftMs = limitAtMs - Date.now();
      if (leftMs <= 0) return undefined;
      await this.#change(leftMs, signal);
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

/**
 * Waits for this number of signals, one after the other, and passes each on. Resolves with the number that did not
 * come.
 */
export async function waitForSignals(
  box: SignalBox,
  count: number,
  limitMs: number,
  abort: AbortSignal,
  heard: (signal: Signal) => void,
): Promise<number> {
  const limitAtMs = Date.now() + limitMs;
  for (let received = 0; received < count; received++) {
    const signal = await box.next(limitAtMs, abort);
    if (signal === undefined) return count - received;
    heard(signal);
  }
  return 0;
}
