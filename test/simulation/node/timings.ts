// SPDX-License-Identifier: Apache-2.0
/** The product's waits, except where hours of virtual time would only cost real time. */
import { PRODUCTION_TIMINGS, type Timings } from '../../../src/timings.ts';

export const CLUSTER = 'orders-4f1c2a90';

/** Cron runs recovery every minute; here twice as often, so that more happens in the same virtual time. */
export const TICK_MS = 30_000;

export const SIMULATED_TIMINGS: Timings = {
  ...PRODUCTION_TIMINGS,
  // Most looks of a node without quorum see what the last one saw. With 10 s for 5 s a history finds as many of the
  // rules that are left out (mutations.test.ts) at three quarters of the cost.
  pollMs: 10_000,
  factsStandMs: 3_000,
  tickLimitMs: 25_000,
  bootstrapLimitMs: 300_000,
  ownerUnknownMs: 120_000,
  forgottenMs: 600_000,
};
