// SPDX-License-Identifier: Apache-2.0
import { RetryPolicy } from '../retry.ts';

/** Waits lost connections out. The session's end is the limit: each request then fails with what is not tried again. */
export const UNTIL_SESSION_ENDS = new RetryPolicy({ delayMs: 20, maxDelayMs: 1_000 });

/** The same for a write that does no harm when it is applied twice. */
export const UNTIL_APPLIED = new RetryPolicy({ delayMs: 20, maxDelayMs: 1_000, ignoreMaybeApplied: true });
