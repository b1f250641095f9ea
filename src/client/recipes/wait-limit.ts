// SPDX-License-Identifier: Apache-2.0
import { ZookeeperError } from '../errors.ts';
import { limitProblem } from '../limit.ts';
import type { CallOptions } from '../request.ts';

/** What was waited for did not come within the limit that the caller gave. Nothing is held, and nothing is left. */
export class WaitTimeoutError extends ZookeeperError {
  constructor(what: string, timeoutMs: number) {
    super('WAIT_TIMEOUT', `${what}: the wait took longer than ${timeoutMs} ms`);
  }
}

/**
 * Runs something with a signal that is aborted by the caller's signal or after its limit. When it is aborted, the wait
 * ends at once with the signal's reason, whatever the function still does. A result that comes too late is given to
 * `discard`.
 */
export async function within<Result>(
  what: string,
  { signal, timeoutMs }: CallOptions,
  fn: (signal: AbortSignal) => Promise<Result>,
  discard: (late: Result) => void = () => {},
): Promise<Result> {
  signal?.throwIfAborted();
  const problem = timeoutMs === undefined ? undefined : limitProblem('timeoutMs', timeoutMs);
  if (problem !== undefined) throw problem;
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => stop.abort(new WaitTimeoutError(what, timeoutMs)), timeoutMs);
  const running = fn(stop.signal);
  try {
    return await orAborted(running, stop.signal);
  } catch (error) {
    if (stop.signal.aborted) running.then(discard, () => {});
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** Settles as the promise does, or rejects with the signal's reason as soon as that is aborted. */
export function orAborted<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
