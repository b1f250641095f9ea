// SPDX-License-Identifier: Apache-2.0
import { ZookeeperError } from '../errors.ts';
import type { CallOptions } from '../request.ts';
import { retry } from '../retry.ts';
import type { CallLimit } from './call-limit.ts';
import { WaitTimeoutError } from './wait-limit.ts';

/** What a read ends with that has no answer by its limit. */
const NO_ANSWER: ReadonlySet<string> = new Set(['REQUEST_TIMEOUT', 'RETRY_FAILED']);

/** Reads, and waits out lost connections. Rejects with WAIT_TIMEOUT when the limit is over. */
export async function retriedRead<Answer>(
  what: string,
  limit: CallLimit,
  read: (call: CallOptions) => Promise<Answer>,
): Promise<Answer> {
  const call = limit.signal === undefined ? {} : { signal: limit.signal };
  const policy = { delayMs: 10, maxDelayMs: 500, deadlineMs: Math.ceil(limit.leftMs) };
  try {
    return await retry(() => read(limit.next()), policy, call);
  } catch (error) {
    if (!(error instanceof ZookeeperError) || !NO_ANSWER.has(error.code)) throw error;
    throw new WaitTimeoutError(what, limit.timeoutMs);
  }
}
