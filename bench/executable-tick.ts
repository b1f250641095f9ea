// SPDX-License-Identifier: Apache-2.0
/** A healthy `recovery` run of the executable, against a bare Node and against an executable that does nothing. */
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageAgent } from '../build/package.ts';
import { agentCommand } from '../lab/daemon/agent-program.ts';
import { firstCallMs } from './first-call.ts';
import { type Comparison, comparisonOf, figuresOf, median, round } from './measure.ts';
import { ARCHITECTURE } from './shipped-agent.ts';
import { HEALTHY_TICK, type HealthyNode, SAYS_HEALTHY, withHealthyNode } from './tick.ts';
import { wholeRuns } from './whole-runs.ts';

const WARM_UP = 3;
const FIRST_CALL_ROUNDS = 11;
export const CACHE = join(import.meta.dirname, '../.cache');

interface Programs {
  readonly agent: string;
  readonly empty: string;
}

export async function benchExecutableTick(rounds: number, progress: (line: string) => void): Promise<Comparison> {
  const folder = await mkdtemp(join(CACHE, 'bench-'));
  try {
    const start = join(folder, 'empty.ts');
    await writeFile(start, '// Does nothing.\n');
    const packaged = {
      agent: await packageAgent({ architecture: ARCHITECTURE, progress }),
      empty: await packageAgent({ architecture: ARCHITECTURE, outdir: folder, start, progress }),
    };
    const agent = await freshCopy(packaged.agent, join(folder, 'agent'));
    const empty = await freshCopy(packaged.empty, join(folder, 'empty'));
    return await withHealthyNode((node) => compareExecutables(node, { agent, empty }, rounds, progress), [agent]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Written at one time in one way, so that the kernel holds both in pages of one size: a program in large ones starts in
 * a tenth less time, and counts more of its file as its memory.
 */
export async function freshCopy(program: string, copy: string): Promise<string> {
  await copyFile(program, copy);
  return copy;
}

async function compareExecutables(
  { environment, awsCalls }: HealthyNode,
  { agent, empty }: Programs,
  rounds: number,
  progress: (line: string) => void,
): Promise<Comparison> {
  const callsBefore = awsCalls();
  const [tick, bare, nothing] = await wholeRuns(
    [
      { words: [agent, 'recovery'], says: SAYS_HEALTHY },
      { words: [process.execPath, '-e', '0'], says: '' },
      { words: [empty], says: '' },
    ],
    {
      rounds,
      warmUp: WARM_UP,
      environment,
      progress: (number, [tickMs = 0, bareMs = 0, nothingMs = 0]) =>
        progress(
          `tick ${number}/${rounds}: ${round(tickMs)} ms against ${round(bareMs)} ms and ${round(nothingMs)} ms`,
        ),
    },
  );
  const calls = awsCalls() - callsBefore;
  const contest = {
    name: 'tick, executable',
    product: `the executable: ${HEALTHY_TICK}`,
    floor: 'node -e 0',
    target: 1.6,
  };
  return {
    ...comparisonOf(contest, tick.elapsedMs, bare.elapsedMs),
    more: {
      emptyExecutableMs: figuresOf(nothing.elapsedMs).medianMs,
      ratioToEmptyExecutable: round(median(tick.elapsedMs) / median(nothing.elapsedMs), 2),
      peakMemoryKib: median(tick.peakKib),
      peakMemoryRatio: round(median(tick.peakKib) / median(bare.peakKib), 2),
      peakMemoryRatioToEmptyExecutable: round(median(tick.peakKib) / median(nothing.peakKib), 2),
      awsCalls: calls,
      ...(await compareFirstCalls(agent, environment)),
    },
  };
}

/** Beside the bundle that the lab's machines run, whose compiled code Node keeps in a directory. */
async function compareFirstCalls(agent: string, environment: NodeJS.ProcessEnv): Promise<Record<string, number>> {
  const bundle = await agentCommand();
  const executableMs: number[] = [];
  const bundleMs: number[] = [];
  for (let round = -WARM_UP; round < FIRST_CALL_ROUNDS; round++) {
    const ofExecutableMs = await firstCallMs([agent, 'status'], environment);
    const ofBundleMs = await firstCallMs([...bundle, 'status'], environment);
    if (round < 0) continue;
    executableMs.push(ofExecutableMs);
    bundleMs.push(ofBundleMs);
  }
  return {
    statusToFirstCallMs: figuresOf(executableMs).medianMs,
    firstCallRatioToBundle: round(median(executableMs) / median(bundleMs), 2),
  };
}
