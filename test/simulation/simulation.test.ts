// SPDX-License-Identifier: Apache-2.0
/** The promise that a seed replays its history. The fixed set of histories is run by reached.test.ts. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runJobs } from './jobs.ts';
import { simulateHistory, type Verdict } from './simulate-history.ts';

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
});
