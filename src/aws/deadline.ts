// SPDX-License-Identifier: Apache-2.0
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
): Promise<T> {
  caller.throwIfAborted();
  const own = new AbortController();
  const timer = setTimeout(() => own.abort(new DeadlinePassed(limitMs)), limitMs);
  const passOn = () => own.abort(caller.reason);
  caller.addEventListener('abort', passOn, { once: true });
  try {
    const aborted = new Promise<never>((_, reject) => {
      own.signal.addEventListener('abort', () => reject(own.signal.reason), { once: true });
    });
    return await Promise.race([run(own.signal), aborted]);
  } finally {
    clearTimeout(timer);
    caller.removeEventListener('abort', passOn);
  }
}
