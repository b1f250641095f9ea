// SPDX-License-Identifier: Apache-2.0
import { LAB_TICK, PRODUCTION_TICK, type TickSettings } from '../src/timings.ts';

/** The waits and ticks of the image, or the short ones of the lab, as lines of agent.env. */
export function timingSettings(production: boolean): Readonly<Record<string, string>> {
  return {
    TIMINGS: production ? 'production' : 'lab',
    ...tickSettings(production ? PRODUCTION_TICK : LAB_TICK),
  };
}

function tickSettings(tick: TickSettings): Readonly<Record<string, string>> {
  return {
    TICK_TIME_MS: String(tick.tickTimeMs),
    INIT_LIMIT: String(tick.initLimit),
    SYNC_LIMIT: String(tick.syncLimit),
    ...(tick.maxSessionTimeoutMs === undefined ? {} : { MAX_SESSION_TIMEOUT_MS: String(tick.maxSessionTimeoutMs) }),
  };
}
