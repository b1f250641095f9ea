// SPDX-License-Identifier: Apache-2.0
import type { Chances } from '../core/chances.ts';

const LONGEST_LAG_MS = 90_000;

/** How far behind the replica is that answers this call (additions/lists.ts). */
export function lagMs(chances: Chances): number {
  return chances.strikes('lists-lag') ? chances.random('lists-lag').between(0, LONGEST_LAG_MS) : 0;
}
