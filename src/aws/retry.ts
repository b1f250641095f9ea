// SPDX-License-Identifier: Apache-2.0
/**
 * One AWS call with all its attempts. The SDK's own retries are off, because the SDK does not say whether AWS may have
 * carried out an earlier attempt. The meaning of a later answer depends on that.
 */
import { AgentError } from '../errors.ts';
import { type AwsAction, awsError, type CallFailure, callFailureOf, UnreadableAnswer } from './aws-errors.ts';
import { type CallClock, DeadlinePassed, withDeadline } from './deadline.ts';

/**
 * In the first five minutes of an instance, its permissions and credentials may not work everywhere yet: IAM is
 * eventually consistent.
 */
const YOUNG_MS = 300_000;
const MOST_ATTEMPTS = 12;
const FIRST_PAUSE_MS = 100;
const THROTTLED_FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 2_000;
/** A deadline leaves room for this many attempts without an answer. */
const HANGS_PER_DEADLINE = 3;

interface CallerOptions {
  /** The limit of one call with all its attempts and pages. */
  readonly timeoutMs: number;
  /** How long ago the instance booted. */
  readonly bootedMsAgo: () => number;
  /** For messages; undefined until it is known. */
  readonly instance: () => string | undefined;
  /** A number from 0 to 1. */
  readonly random: () => number;
  readonly clock: CallClock;
}

/** Gives the answer that an error of the service stands for, or undefined if it is a real error. */
type Answers<T> = (failure: CallFailure, mayHaveBeenDone: boolean) => T | undefined;

interface Attempts {
  /** One request with its retries. `send` gets the signal of one attempt. */
  request<T>(action: AwsAction, send: (signal: AbortSignal) => Promise<T>, answers?: Answers<T>): Promise<T>;
}

export class Caller {
  readonly #options: CallerOptions;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  /** A single request under the deadline. Rejects with AgentError, or with the caller's reason when it aborts. */
  request<T>(
    action: AwsAction,
    signal: AbortSignal,
    send: (signal: AbortSignal) => Promise<T>,
    answers?: Answers<T>,
  ): Promise<T> {
    return this.within(action, signal, (attempts) => attempts.request(action, send, answers));
  }

  /** A pause between two requests, by the same clock as their limits. */
  pause(ms: number, signal: AbortSignal): Promise<void> {
    return this.#options.clock.pause(ms, signal);
  }

  /** Several requests (the pages of a list) under one deadline. */
  async within<T>(action: AwsAction, signal: AbortSignal, run: (attempts: Attempts) => Promise<T>): Promise<T> {
    const { timeoutMs, clock } = this.#options;
    let last: CallFailure | undefined;
    let count = 0;
    const noted = (failure: CallFailure) => {
      last = failure;
      count += 1;
    };
    try {
      const inTime = (deadline: AbortSignal): Promise<T> =>
        run({
          request: async (what, send, answers) => {
            const answer = await this.#attempts(what, deadline, send, answers, noted);
            last = undefined;
            return answer;
          },
        });
      return await withDeadline(signal, timeoutMs, inTime, clock);
    } catch (error) {
      if (signal.aborted) throw error;
      if (error instanceof UnreadableAnswer) throw awsError(action, this.#options.instance(), callFailureOf(error), '');
      if (!(error instanceof DeadlinePassed)) throw error;
      // The last error of the service says more than the fact that the time is up.
      const tries = ` within ${timeoutMs} ms${count === 0 ? '' : `, after ${count} failed attempts`}`;
      throw awsError(action, this.#options.instance(), last ?? callFailureOf(error), tries);
    }
  }

  async #attempts<T>(
    action: AwsAction,
    deadline: AbortSignal,
    send: (signal: AbortSignal) => Promise<T>,
    answers: Answers<T> | undefined,
    noted: (failure: CallFailure) => void,
  ): Promise<T> {
    const { timeoutMs, clock } = this.#options;
    const attemptMs = Math.ceil(timeoutMs / HANGS_PER_DEADLINE);
    let mayHaveBeenDone = false;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await withDeadline(deadline, attemptMs, send, clock);
      } catch (error) {
        deadline.throwIfAborted();
        if (error instanceof AgentError) throw error;
        const failure = callFailureOf(error);
        const answer = answers?.(failure, mayHaveBeenDone);
        if (answer !== undefined) return answer;
        noted(failure);
        if (!this.#again(failure) || attempt === MOST_ATTEMPTS) {
          throw awsError(action, this.#options.instance(), failure, attempt === 1 ? '' : ` in ${attempt} attempts`);
        }
        mayHaveBeenDone ||= failure.kind === 'unanswered';
        await clock.pause(this.#pauseMs(failure, attempt), deadline);
      }
    }
  }

  #again(failure: CallFailure): boolean {
    if (failure.kind === 'refused') return false;
    if (failure.kind === 'denied' || failure.kind === 'no-credentials') return this.#options.bootedMsAgo() < YOUNG_MS;
    return true;
  }

  /**
   * The pause doubles each time. Half of it is random, so nodes that were throttled together do not try again together.
   */
  #pauseMs(failure: CallFailure, attempt: number): number {
    const first = failure.kind === 'throttled' ? THROTTLED_FIRST_PAUSE_MS : FIRST_PAUSE_MS;
    const pauseMs = Math.min(first * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
    return Math.ceil((pauseMs * (1 + this.#options.random())) / 2);
  }
}
