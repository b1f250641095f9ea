/** A healthy `recovery` run of the executable, against a bare Node and against an executable that does nothing. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageAgent } from '../build/package.ts';
import type { Architecture } from '../build/target.ts';
import { agentCommand } from '../lab/daemon/agent-program.ts';
import { firstCallMs } from './first-call.ts';
import { type Comparison, figuresOf, median, round } from './measure.ts';
import { peakMemoryKib } from './peak-memory.ts';
import { type HealthyNode, timed, withHealthyNode } from './tick.ts';

const WARM_UP = 3;
const MEMORY_ROUNDS = 9;
const FIRST_CALL_ROUNDS = 11;
const CACHE = join(import.meta.dirname, '../.cache');

interface Programs {
  readonly agent: string;
  readonly empty: string;
}

export async function benchExecutableTick(rounds: number, progress: (line: string) => void): Promise<Comparison> {
  const architecture: Architecture = process.arch === 'arm64' ? 'arm64' : 'x64';
  const folder = await mkdtemp(join(CACHE, 'bench-'));
  try {
    const start = join(folder, 'empty.ts');
    await writeFile(start, '// Does nothing.\n');
    const agent = await packageAgent({ architecture, progress });
    const empty = await packageAgent({ architecture, outdir: folder, start, progress });
    return await withHealthyNode((node) => compareExecutables(node, { agent, empty }, rounds, progress), [agent]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compareExecutables(
  { environment, awsCalls }: HealthyNode,
  { agent, empty }: Programs,
  rounds: number,
  progress: (line: string) => void,
): Promise<Comparison> {
  const commands = [[agent, 'recovery'], [process.execPath, '-e', '0'], [empty]] as const;
  const times: [number[], number[], number[]] = [[], [], []];
  const callsBefore = awsCalls();
  for (let round = -WARM_UP; round < rounds; round++) {
    // Who is first takes turns, so that a machine that slows down slows all three.
    for (let turn = 0; turn < commands.length; turn++) {
      const index = (round + WARM_UP + turn) % commands.length;
      const [program = '', ...words] = commands[index] ?? [];
      const elapsedMs = await timed(program, words, environment);
      if (round >= 0) times[index]?.push(elapsedMs);
    }
    const [tick, bare, nothing] = times.map((list) => list.at(-1)?.toFixed(1));
    if (round >= 0) progress(`tick ${round + 1}/${rounds}: ${tick} ms against ${bare} ms and ${nothing} ms`);
  }
  const calls = awsCalls() - callsBefore;
  const memory = (await peakMemoryKib(commands, MEMORY_ROUNDS, environment)).map((list) => median(list));
  const [product, floor, nothing] = times;
  const [agentKib = Number.NaN, bareKib = Number.NaN, emptyKib = Number.NaN] = memory;
  const ratios = product.map((value, index) => value / (floor[index] ?? Number.NaN));
  return {
    name: 'tick, executable',
    rounds,
    product: 'the executable: recovery on a healthy node (one that leads, so mntr is asked too)',
    floor: 'node -e 0',
    productFigures: figuresOf(product),
    floorFigures: figuresOf(floor),
    ratio: round(median(product) / median(floor), 2),
    ratioSpread: [round(Math.min(...ratios), 2), round(Math.max(...ratios), 2)],
    target: 1.6,
    more: {
      emptyExecutableMs: figuresOf(nothing).medianMs,
      ratioToEmptyExecutable: round(median(product) / median(nothing), 2),
      peakMemoryKib: agentKib,
      peakMemoryRatio: round(agentKib / bareKib, 2),
      peakMemoryRatioToEmptyExecutable: round(agentKib / emptyKib, 2),
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
