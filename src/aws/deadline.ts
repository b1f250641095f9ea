// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';

/** What limits and pauses go by. */
export interface CallClock {
  /** Runs this once, after a time, unless the result is called before. */
  after(ms: number, run: () => void): () => void;
  /** Resolves after a time. Rejects with the signal's reason when the signal is aborted. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

export const realClock: CallClock = {
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  pause: (ms, signal) =>
    sleep(ms, undefined, { signal }).catch(() => {
      throw signal.reason;
    }),
};

/** One of the agent's own limits cut something off. This tells it apart from the caller's own abort. */
export class DeadlinePassed extends Error {
  constructor(limitMs: number) {
    super(`no answer within ${limitMs} ms`);
    this.name = 'DeadlinePassed';
  }
}

/**
 * Runs something for at most `limitMs`. Rejects with DeadlinePassed, or with the caller's reason when the caller
 * aborts. It does so even if `run` ignores its signal, as an SDK does that waits for credentials.
 */
export async function withDeadline<T>(
  caller: AbortSignal,
  limitMs: number,
  run: (signal: AbortSignal) => Promise<T>,
  clock: CallClock = realClock,
): Promise<T> {
  caller.throwIfAborted();
  const own = new AbortController();
  const stop = clock.after(limitMs, () => own.abort(new DeadlinePassed(limitMs)));
  const passOn = () => own.abort(caller.reason);
  caller.addEventListener('abort', passOn, { once: true });
  try {
    const aborted = new Promise<never>((_, reject) => {
      own.signal.addEventListener('abort', () => reject(own.signal.reason), { once: true });
    });
    return await Promise.race([run(own.signal), aborted]);
  } finally {
    stop();
    caller.removeEventListener('abort', passOn);
  }
}
