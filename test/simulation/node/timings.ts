// SPDX-License-Identifier: Apache-2.0
/** The product's waits, except where hours of virtual time would only cost real time. */
import { PRODUCTION_TIMINGS, type Timings } from '../../../src/timings.ts';

export const CLUSTER = 'orders-4f1c2a90';

/** Cron runs recovery every minute; here twice as often, so that more happens in the same virtual time. */
export const TICK_MS = 30_000;

export const SIMULATED_TIMINGS: Timings = {
  ...PRODUCTION_TIMINGS,
  // Each look of a node without quorum is some thirty effects, and mostly the same as the last one.
  pollMs: 5_000,
  factsStandMs: 3_000,
  tickLimitMs: 25_000,
  bootstrapLimitMs: 300_000,
  ownerUnknownMs: 120_000,
  forgottenMs: 600_000,
};
