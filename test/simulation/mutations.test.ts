// SPDX-License-Identifier: Apache-2.0
/** The simulation can fail: with each of these rules left out it finds a violation within a stated number of seeds. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LATER_ADDITIONS } from './additions/registry.ts';
import type { Mutation } from './mutations/mutation.ts';
import { MUTATIONS } from './mutations/mutations.ts';
import { UNFOUND } from './mutations/unfound.ts';
import { simulateHistory } from './simulate-history.ts';

const AT_LEAST = 12;

async function firstFailure(mutation: Mutation, seeds: number): Promise<number | undefined> {
  const { mode = 'dynamic', from = 1, withLater } = mutation;
  const without = withLater ? [] : LATER_ADDITIONS;
  for (let seed = from; seed < from + seeds; seed++) {
    const { ok } = await simulateHistory({ seed, mode, mutation, without });
    if (!ok) return seed;
  }
  return undefined;
}

describe('rules left out', () => {
  it(`are at least ${AT_LEAST}, each under a name of its own`, () => {
    assert.equal(new Set(MUTATIONS.map((mutation) => mutation.name)).size, MUTATIONS.length);
    assert.ok(MUTATIONS.length >= AT_LEAST, `${MUTATIONS.length} rules`);
  });

  it('are each found by random histories, or it is said why not', () => {
    const unfound = MUTATIONS.filter(({ seeds }) => seeds === undefined).map(({ name }) => name);
    assert.deepEqual(Object.keys(UNFOUND).sort(), unfound.sort());
  });

  for (const mutation of MUTATIONS) {
    const { seeds, from = 1 } = mutation;
    // Without a number of seeds a directed scenario finds it (directed.test.ts holds that each of those has one).
    if (seeds === undefined) continue;
    it(`${mutation.name}: found within ${seeds} seeds from ${from} on (${mutation.rule})`, async () => {
      assert.notEqual(await firstFailure(mutation, seeds), undefined, 'the rule was left out, and nothing was found');
    });
  }
});
