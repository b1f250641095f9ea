// SPDX-License-Identifier: Apache-2.0
/**
 * Runs the stages of ./test.sh in order. The last line printed is `N passed, N failed` (and `, N skipped`); the exit
 * code is 1 if anything failed, a stage ran no test, or something was left behind, 2 for wrong usage, 130 for Ctrl-C.
 */
import { fileURLToPath } from 'node:url';
import { startForkServer } from '../cloud/index.ts';
import { endLeftovers, openRun, whatIsLeft } from './runner/leftovers.ts';
import { runTestFiles } from './runner/node-tests.ts';
import { checkWith } from './runner/program.ts';
import { failure, printStage, printTotal, say } from './runner/report.ts';
import { type Counts, noTests, type Stage, stagesFor, sum, usage } from './runner/stages.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** What ends with its parent or its connection gets this long before it counts as left behind. */
const FAREWELL_MS = 30_000;

async function runStage(stage: Stage, signal: AbortSignal): Promise<Counts> {
  const startMs = performance.now();
  printStage(stage.name);
  const limit = AbortSignal.timeout(stage.limitMs);
  const either = AbortSignal.any([signal, limit]);
  let counts = stage.program
    ? await checkWith(ROOT, stage.program, either)
    : await runTestFiles(ROOT, stage, either).catch((error: unknown) => {
        failure(`${stage.name} could not run`, error);
        return { ...noTests, failed: 1 };
      });
  if (signal.aborted) return counts;
  if (limit.aborted) {
    failure(`${stage.name} was stopped`, `It took longer than its limit of ${stage.limitMs / 60_000} minutes.`);
    counts = sum(counts, { ...noTests, failed: 1 });
  } else if (counts.passed + counts.failed === 0) {
    failure(`${stage.name} ran no test`, 'A stage that checks nothing is a failure.');
    counts = sum(counts, { ...noTests, failed: 1 });
  }
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
  say(`${stage.name}: ${counts.passed} passed, ${counts.failed} failed, ${seconds} s`);
  return counts;
}

async function main(words: readonly string[]): Promise<number> {
  if (words.includes('--help') || words.includes('-h')) {
    process.stdout.write(usage);
    return 0;
  }
  const stages = stagesFor(ROOT, words);
  if (typeof stages === 'string') {
    process.stderr.write(`${stages}\n\n${usage}`);
    return 2;
  }
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort(new Error('The run was interrupted.'));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const run = await openRun(ROOT);
  // Loading moto takes three seconds of a core, and hundreds of tests want one of their own.
  const forks = stages.some(({ files }) => files.length > 0) ? await startForkServer(interrupt.signal) : undefined;
  let counts = noTests;
  for (const stage of stages) {
    if (!interrupt.signal.aborted) counts = sum(counts, await runStage(stage, interrupt.signal));
  }
  forks?.[Symbol.dispose]();
  const left = await whatIsLeft(run, interrupt.signal.aborted ? 0 : FAREWELL_MS);
  await endLeftovers(run, left);
  if (!interrupt.signal.aborted && left.sentences.length > 0) {
    failure('something was left behind', left.sentences.join('\n'));
    counts = sum(counts, { ...noTests, failed: 1 });
  }
  printTotal(counts);
  if (interrupt.signal.aborted) return 130;
  return counts.failed > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
