// SPDX-License-Identifier: Apache-2.0
import type { Addition } from './addition.ts';

/** Production's healthy tick (src/tick/healthy-tick.ts), by node/well.ts. */
export const HEALTHY_TICK: Addition = {
  name: 'healthy-tick',
  what: 'a node that is well looks at nothing else',
  shares: [1],
  always: true,
};
