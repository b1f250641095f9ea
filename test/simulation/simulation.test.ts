// SPDX-License-Identifier: Apache-2.0
/** Two thousand histories of the real agent, and the promise that a seed replays its history. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chosen } from './additions/registry.ts';
import { runJobs } from './jobs.ts';
import { simulateHistory, type Verdict } from './simulate-history.ts';

const HISTORIES = 2_000;

describe('simulation', () => {
  it('replays a history from its seed alone', async () => {
    for (const seed of [3, 14, 159]) {
      const [first, second] = [await simulateHistory({ seed }), await simulateHistory({ seed })];
      assert.deepEqual(second, first);
    }
  });

  it('traces the same history that it runs without a trace', async () => {
    const lines: string[] = [];
    const traced = await simulateHistory({ seed: 26, write: (line) => lines.push(line) });
    const untraced = await simulateHistory({ seed: 26 });
    assert.ok(lines.length > 0);
    assert.equal(traced.effects, untraced.effects);
    assert.equal(traced.virtualMs, untraced.virtualMs);
  });

  it('runs the same histories in several processes', async () => {
    const verdicts: Verdict[] = [];
    await runJobs({ jobs: 2, from: 41, seeds: 3, args: [] }, (verdict) => verdicts.push(verdict) > 0);
    verdicts.sort((a, b) => a.seed - b.seed);
    const here: Verdict[] = [];
    for (const seed of [41, 42, 43]) here.push(await simulateHistory({ seed }));
    assert.deepEqual(verdicts, here);
  });

  it(`breaks no invariant and heals in ${HISTORIES} histories`, async () => {
    const failures: string[] = [];
    const struckIn = new Map<string, number>();
    let forced = 0;
    for (let seed = 1; seed <= HISTORIES && failures.length < 3; seed++) {
      const verdict = await simulateHistory({ seed });
      forced += verdict.forcedRecords;
      for (const name of Object.keys(verdict.strikes)) struckIn.set(name, (struckIn.get(name) ?? 0) + 1);
      if (!verdict.ok) failures.push(`${verdict.message}\n  replay: npm run simulate -- --seed ${seed} --trace`);
    }
    assert.deepEqual(failures, []);
    // Histories in which nothing ever has to be recovered would prove little.
    assert.ok(forced > HISTORIES / 20, `only ${forced} recoveries by force in ${HISTORIES} histories`);
    // Nor would an addition that strikes in hardly any of them.
    const seldom = chosen({}).filter(({ name }) => (struckIn.get(name) ?? 0) < HISTORIES / 100);
    assert.deepEqual(
      seldom.map(({ name }) => `${name}: in ${struckIn.get(name) ?? 0} histories`),
      [],
    );
  });
});
