// SPDX-License-Identifier: Apache-2.0
/** A healthy `recovery` run of the executable, against that of the release before on the same node. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { packageAgent } from '../build/package.ts';
import { RELEASE_BEFORE, releaseBefore } from '../test/lab/support/release-before.ts';
import { CACHE, freshCopy } from './executable-tick.ts';
import { type Comparison, comparisonOf, median, round } from './measure.ts';
import { ARCHITECTURE } from './shipped-agent.ts';
import { HEALTHY_TICK, SAYS_HEALTHY, withHealthyNode } from './tick.ts';
import { wholeRuns } from './whole-runs.ts';

const WARM_UP = 3;

/** The node is that of the new agent. Both have to find it healthy, or nothing is measured. */
export async function benchReleaseTick(rounds: number, progress: (line: string) => void): Promise<Comparison> {
  const folder = await mkdtemp(join(CACHE, 'bench-'));
  try {
    const agent = await freshCopy(await packageAgent({ architecture: ARCHITECTURE, progress }), join(folder, 'agent'));
    const before = await freshCopy(await releaseBefore(), join(folder, 'before'));
    return await withHealthyNode(
      async ({ environment, awsCalls }) => {
        const callsBefore = awsCalls();
        const [tick, tickBefore] = await wholeRuns(
          [agent, before].map((program) => ({ words: [program, 'recovery'], says: SAYS_HEALTHY })),
          {
            rounds,
            warmUp: WARM_UP,
            environment,
            progress: (number, [nowMs = 0, beforeMs = 0]) =>
              progress(`tick ${number}/${rounds}: ${round(nowMs)} ms against ${round(beforeMs)} ms`),
          },
        );
        if (tick === undefined || tickBefore === undefined) throw new Error('Two programs have two figures.');
        const contest = {
          name: 'tick, releases',
          product: `the executable: ${HEALTHY_TICK}`,
          floor: `the same of the release before, ${RELEASE_BEFORE}`,
          target: 1.05,
        };
        return {
          ...comparisonOf(contest, tick.elapsedMs, tickBefore.elapsedMs),
          more: {
            cpuRatio: round(median(tick.cpuMs) / median(tickBefore.cpuMs), 3),
            peakMemoryRatio: round(median(tick.peakKib) / median(tickBefore.peakKib), 2),
            awsCalls: awsCalls() - callsBefore,
          },
        };
      },
      [agent],
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
