// SPDX-License-Identifier: Apache-2.0
import type { DiskFacts } from '../model/disk.ts';
import type { Lately } from '../model/observation.ts';

const HOUR_MS = 3_600_000;

/**
 * Uses the wall clock, which may have been set meanwhile. So a time in the future counts like one as far in the past.
 */
export function latelyOf({ occasions }: DiskFacts, nowMs: number): Lately {
  const within = (times: readonly number[] | undefined, ms: number): number =>
    (times ?? []).filter((time) => Math.abs(nowMs - time) < ms).length;
  return {
    freshConfigs: within(occasions?.['fresh-config'], 6 * HOUR_MS),
    asides: within(occasions?.['set-aside'], HOUR_MS),
  };
}
