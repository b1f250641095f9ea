// SPDX-License-Identifier: Apache-2.0
import { MaybeAppliedError } from '../errors.ts';
import type { CallLimit } from './call-limit.ts';
import { retriedRead } from './retried-read.ts';

/**
 * Does a write once. When its answer is lost, `look` reads whether it was applied, and only what was not applied is
 * sent again. `look` has to sync first: what the servers have not applied by the time of a sync of the same session,
 * they never do. It resolves with what to answer, or with undefined if the write was not applied.
 *
 * Rejects with MAYBE_APPLIED when the limit is over, the signal is aborted, or the session ends before it is known.
 */
export async function withKnownOutcome<Result>(
  write: () => Promise<Result>,
  look: () => Promise<(() => Result) | undefined>,
  limit: CallLimit,
): Promise<Result> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof MaybeAppliedError) || limit.isOver) throw error;
      // A connection may be lost again.
      const answer = await retriedRead('the outcome of a write', limit, look).catch(() => {
        // Whether it was applied is still not known.
        throw error;
      });
      if (answer !== undefined) return answer();
      if (limit.isOver) throw error;
    }
  }
}
