// SPDX-License-Identifier: Apache-2.0
import type { Chances } from '../core/chances.ts';

const LONGEST_LAG_MS = 90_000;

/** How far behind the replica is that answers this call (additions/lists.ts). */
export function lagMs(chances: Chances, name: 'lists-lag' | 'group-lags' = 'lists-lag'): number {
  return chances.strikes(name) ? chances.random(name).between(0, LONGEST_LAG_MS) : 0;
}
