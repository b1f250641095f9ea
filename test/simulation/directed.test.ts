// SPDX-License-Identifier: Apache-2.0
/**
 * Scenarios that random histories seldom reach. Each runs with the real agent, which must come through, and where a
 * rule is named, without that rule, which must break an invariant.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Violation } from './core/violation.ts';
import { DIRECTED_CASES } from './directed.ts';
import type { Case } from './directed-cases.ts';
import type { Mutation } from './mutations/mutation.ts';
import { MUTATIONS } from './mutations/mutations.ts';
import { Scenario } from './scenario.ts';

const CASES = DIRECTED_CASES;
const SEEDS = [1, 2, 3, 4, 5, 6];

async function play(each: Case, seed: number, mutation?: Mutation): Promise<void> {
  await each.play(new Scenario(seed, each, mutation));
}

for (const each of CASES) {
  describe(each.name, () => {
    it('comes through', async () => {
      for (const seed of SEEDS) await play(each, seed);
    });
    for (const name of each.without ?? []) {
      it(`is found without the rule: ${name}`, async () => {
        const mutation = MUTATIONS.find((candidate) => candidate.name === name);
        assert.ok(mutation, `no mutation is called ${name}`);
        const found: Violation[] = [];
        for (const seed of SEEDS) {
          await play(each, seed, mutation).catch((error: unknown) => {
            if (error instanceof Violation) found.push(error);
          });
        }
        assert.ok(found.length > 0, `${mutation.rule}: left out, and nothing was found`);
      });
    }
  });
}

describe('every rule that random histories are not asked to find', () => {
  it('has a scenario', () => {
    const directed = new Set(CASES.flatMap((each) => each.without ?? []));
    const missing = MUTATIONS.filter((mutation) => mutation.seeds === undefined && !directed.has(mutation.name));
    assert.deepEqual(
      missing.map((mutation) => mutation.name),
      [],
    );
  });
});
