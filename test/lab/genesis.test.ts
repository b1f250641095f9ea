// SPDX-License-Identifier: Apache-2.0
/** Fresh bootstraps: all instances start at the same moment, and there is one ensemble. */
import { describe, test } from 'node:test';
import { bootstrapAndCheck } from './support/fresh-ensemble.ts';

const ROUNDS_OF_THREE = 10;

describe('three nodes that start at the same moment', () => {
  for (let round = 1; round <= ROUNDS_OF_THREE; round++) {
    // Every other round the nodes see each other late, each at another time.
    const late = round % 2 === 0 ? { lateVisibility: { instanceMs: 1_500, tagsMs: 1_000, seed: round } } : {};
    test(`form one ensemble under one record, round ${round}`, { timeout: 400_000 }, () =>
      bootstrapAndCheck({ nodes: 3, ...late }),
    );
  }
});

for (const nodes of [1, 5, 7]) {
  test(
    `${nodes} ${nodes === 1 ? 'node forms' : 'nodes form'} one ensemble under one record`,
    { timeout: 500_000 },
    () => bootstrapAndCheck({ nodes }, 150_000),
  );
}
