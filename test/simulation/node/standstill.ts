// SPDX-License-Identifier: Apache-2.0
/** Virtual machines stand still for minutes, with all that runs on them. */
import type { Chances } from '../core/chances.ts';

const DECISIVE = /^PutObject once lineage\/\d+(\/outcomes\/.*)?\.json$/;

/** For how long the machine stands still right before this effect; 0 where it does not. */
export function standstillMs(chances: Chances, label: string): number {
  for (const name of ['pause-before-effect', 'decision-held']) {
    if (name === 'decision-held' && !DECISIVE.test(label)) continue;
    if (chances.strikes(name)) return chances.random(name).between(30_000, 400_000);
  }
  return 0;
}
