// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { ZookeeperError, type ZookeeperErrorCode } from './errors.ts';
import { limitProblem } from './limit.ts';
import type { SignalOptions } from './request.ts';

/** How often, and how long, a call is tried again. Times are in milliseconds. */
export interface RetryOptions {
  /** How often the function is called at most; no limit if not given. */
  readonly maxTries?: number;
  /** The pause after the first try: 100 if not given. */
  readonly delayMs?: number;
  /** By what each pause is longer than the one before: 2 if not given. */
  readonly backoff?: number;
  /** How much longer a pause may be by chance, as a part of it: 0.4 if not given. */
  readonly jitter?: number;
  /** The longest pause, jitter included: 60,000 if not given. */
  readonly maxDelayMs?: number;
  /** No try begins later than this after the first; no limit if not given. A try that is under way is not ended. */
  readonly deadlineMs?: number;
  /**
   * Tries again after SESSION_EXPIRED, too: for a function that then opens a client of its own.
   */
  readonly ignoreExpire?: boolean;
  /** Tries again after MAYBE_APPLIED, too: for a function that does no harm when its write is applied twice. */
  readonly ignoreMaybeApplied?: boolean;
}

/** Time and chance, so that a test can replace them. */
export interface RetryClock {
  /** A clock that never goes back. */
  nowMs(): number;
  /** Rejects when the signal is aborted. */
  pause(ms: number, signal: AbortSignal | undefined): Promise<void>;
  /** From 0 up to, but not including, 1. */
  random(): number;
}

const REAL_CLOCK: RetryClock = {
  nowMs: () => performance.now(),
  pause: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }),
  random: () => Math.random(),
};

/** Nothing was changed, and the same call may well succeed soon. */
const PASSING: ReadonlySet<ZookeeperErrorCode> = new Set<ZookeeperErrorCode>([
  'CONNECTION_LOST',
  'CONNECTION_LOSS',
  'REQUEST_TIMEOUT',
  'OPERATION_TIMEOUT',
  'SERVER_REQUEST_TIMEOUT',
  'SESSION_MOVED',
  'THROTTLED',
  'QUEUE_FULL',
]);

/** The function throws it to be called again, whatever the reason. */
export class ForceRetryError extends Error {
  /** With a message for people, and what made it necessary. */
  constructor(message = 'the function asks for another try', cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ForceRetryError';
  }
}

/** The tries or the time are used up. `cause` is what the last try ended with; its `op` and `path` stand here, too. */
export class RetryFailedError extends ZookeeperError {
  /** How often it was tried. */
  readonly tries: number;

  constructor(tries: number, why: string, cause: unknown) {
    const call =
      cause instanceof ZookeeperError && cause.op !== undefined ? { op: cause.op, path: cause.path } : undefined;
    super('RETRY_FAILED', `given up after ${tries} tries: ${why}`, cause, call);
    this.tries = tries;
  }
}

/** How to try again. A policy keeps nothing between calls, so one may serve any number of them at once. */
export class RetryPolicy {
  readonly #options: RetryOptions;
  readonly #clock: RetryClock;

  /** Throws BAD_REQUEST for a value out of range. */
  constructor(options: RetryOptions = {}, clock: RetryClock = REAL_CLOCK) {
    const problem = problemOf(options);
    if (problem !== undefined) throw problem;
    this.#options = options;
    this.#clock = clock;
  }

  /**
   * Calls the function, with the number of the try from 1, until it succeeds. Rejects with a RetryFailedError when the
   * tries or the time are used up, with the signal's reason when that is aborted, and with any other error at once.
   */
  async run<Result>(fn: (attempt: number) => Promise<Result> | Result, call: SignalOptions = {}): Promise<Result> {
    const { maxTries = Number.POSITIVE_INFINITY, deadlineMs = Number.POSITIVE_INFINITY } = this.#options;
    const { signal } = call;
    const startMs = this.#clock.nowMs();
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      try {
        return await fn(attempt);
      } catch (error) {
        if (signal?.aborted === true) throw signal.reason;
        if (!this.#triesAfter(error)) throw error;
        if (attempt >= maxTries) throw new RetryFailedError(attempt, `the limit is ${maxTries}`, error);
        const pauseMs = this.#pauseMs(attempt);
        if (this.#clock.nowMs() - startMs + pauseMs > deadlineMs) {
          throw new RetryFailedError(
            attempt,
            `the next would begin later than ${deadlineMs} ms after the first`,
            error,
          );
        }
        await this.#pause(pauseMs, signal);
      }
    }
  }

  async #pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#clock.pause(ms, signal);
    } catch (error) {
      throw signal?.aborted === true ? signal.reason : error;
    }
  }

  #pauseMs(attempt: number): number {
    const { delayMs = 100, backoff = 2, jitter = 0.4, maxDelayMs = 60_000 } = this.#options;
    const plainMs = Math.min(maxDelayMs, delayMs * backoff ** (attempt - 1));
    return Math.min(maxDelayMs, plainMs * (1 + jitter * this.#clock.random()));
  }

  #triesAfter(error: unknown): boolean {
    if (error instanceof ForceRetryError) return true;
    if (!(error instanceof ZookeeperError)) return false;
    if (error.code === 'SESSION_EXPIRED') return this.#options.ignoreExpire === true;
    if (error.code === 'MAYBE_APPLIED') return this.#options.ignoreMaybeApplied === true;
    return PASSING.has(error.code);
  }
}

/** Calls the function until it succeeds, as `RetryPolicy.run` does. The policy may be given by its options. */
export function retry<Result>(
  fn: (attempt: number) => Promise<Result> | Result,
  policy: RetryPolicy | RetryOptions = {},
  call: SignalOptions = {},
): Promise<Result> {
  try {
    return (policy instanceof RetryPolicy ? policy : new RetryPolicy(policy)).run(fn, call);
  } catch (error) {
    return Promise.reject(error);
  }
}

function problemOf(options: RetryOptions): ZookeeperError | undefined {
  const { maxTries, delayMs, backoff, jitter, maxDelayMs, deadlineMs } = options;
  const whole = [
    ['maxTries', maxTries, 1],
    ['delayMs', delayMs, 0],
    ['maxDelayMs', maxDelayMs, 0],
    ['deadlineMs', deadlineMs, 0],
  ] as const;
  for (const [name, value, least] of whole) {
    const problem = value === undefined ? undefined : limitProblem(name, value, least);
    if (problem !== undefined) return problem;
  }
  for (const [name, value, least] of [
    ['backoff', backoff, 1],
    ['jitter', jitter, 0],
  ] as const) {
    if (value === undefined || (Number.isFinite(value) && value >= least)) continue;
    return new ZookeeperError('BAD_REQUEST', `${name} must be a number from ${least}, it is ${value}`);
  }
  return undefined;
}
