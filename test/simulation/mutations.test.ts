// SPDX-License-Identifier: Apache-2.0
/** The simulation can fail: with each of these rules left out it finds a violation within a stated number of seeds. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NEEDLESS_FOR_MUTATIONS } from './additions/registry.ts';
import type { Mutation } from './mutations/mutation.ts';
import { MUTATIONS } from './mutations/mutations.ts';
import { simulateHistory } from './simulate-history.ts';

const AT_LEAST = 12;

async function firstFailure(mutation: Mutation, seeds: number): Promise<number | undefined> {
  for (let seed = 1; seed <= seeds; seed++) {
    const { mode = 'dynamic' } = mutation;
    const { ok } = await simulateHistory({ seed, mode, mutation, without: NEEDLESS_FOR_MUTATIONS });
    if (!ok) return seed;
  }
  return undefined;
}

describe('rules left out', () => {
  it(`are at least ${AT_LEAST}, each under a name of its own`, () => {
    assert.equal(new Set(MUTATIONS.map((mutation) => mutation.name)).size, MUTATIONS.length);
    assert.ok(MUTATIONS.length >= AT_LEAST, `${MUTATIONS.length} rules`);
  });

  for (const mutation of MUTATIONS) {
    const { seeds } = mutation;
    // Without a number of seeds a directed scenario finds it (directed.test.ts holds that each of those has one).
    if (seeds === undefined) continue;
    it(`${mutation.name}: found within ${seeds} seeds (${mutation.rule})`, async () => {
      assert.notEqual(await firstFailure(mutation, seeds), undefined, 'the rule was left out, and nothing was found');
    });
  }
});
