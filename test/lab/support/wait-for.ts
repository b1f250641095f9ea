// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  /** The wait fails after this. */
  readonly limitMs: number;
  /** What is waited for, for the message of the failure: "the survivor serves". */
  readonly why: string;
  readonly pollMs?: number;
}

/**
 * Asks again and again until the answer is neither undefined nor false, and resolves with it. An error of the
 * condition counts as "not yet", and is the cause of the failure when it was the last answer.
 */
export async function waitFor<T>(
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  { limitMs, why, pollMs = 100 }: WaitOptions,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await condition();
      if (answer !== undefined && answer !== false) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new Error(
        `Waited ${limitMs / 1000} s in vain until ${why}.`,
        last === undefined ? undefined : { cause: last },
      );
    }
    await sleep(pollMs);
  }
}

/** Holds for the whole time, or the test fails: for "nothing happens". */
export async function staysSo(
  condition: () => Promise<boolean> | boolean,
  { limitMs, why, pollMs = 100 }: WaitOptions,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (performance.now() < deadline) {
    if (!(await condition())) throw new Error(`It did not stay so that ${why}.`);
    await sleep(pollMs);
  }
}
