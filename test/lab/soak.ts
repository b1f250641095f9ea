// SPDX-License-Identifier: Apache-2.0
/**
 * Fresh bootstraps, many times over: `npm run soak [-- --rounds N]`, N (default 20) of each size. Prints a line for
 * each; the exit code is 1 if any failed, 2 for wrong usage. `npm run soak -- locks` pauses and kills holders of locks
 * instead, and `npm run soak -- jobs` kills workers of a job queue.
 */
import { parseArgs } from 'node:util';
import { soakJobs } from '../client/recipes/soak-jobs.ts';
import { soakLocks } from '../client/recipes/soak-locks.ts';
import { bootstrapAndCheck } from './support/fresh-ensemble.ts';

const SIZES = [1, 3, 5, 7];
const LIMIT_MS = 240_000;

const USAGE = `Usage: npm run soak [-- --rounds N]
       npm run soak -- locks [--pauses N] [--locks N] [--seed N]
       npm run soak -- jobs [--jobs N] [--seed N]

Fresh ensembles of ${SIZES.join(', ')} nodes, N rounds of each size (default 20). Prints a line for each.
With "locks": N holders of locks are paused until another has their lock (default 1,000), some are killed.
With "jobs": N jobs (default 10,000) for workers that are killed at random. Each job has to be done once.

Examples:
  npm run soak -- --rounds 3
  npm run soak -- locks --pauses 10000
  npm run soak -- jobs --jobs 1000
`;

/** Undefined when only help was asked for. */
function readRounds(): number | undefined {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '20' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return undefined;
  }
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds is a whole number above 0: ${values.rounds}`);
  return rounds;
}

/**
 * Sizes in turn, so that a machine that slows down slows all of them; every other round the nodes see each other late.
 */
async function soak(rounds: number): Promise<number> {
  let failed = 0;
  for (let round = 1; round <= rounds; round++) {
    for (const nodes of SIZES) {
      const late = round % 2 === 0 ? { lateVisibility: { instanceMs: 1_500, tagsMs: 1_000, seed: round } } : {};
      const startMs = performance.now();
      const failure = await bootstrapAndCheck({ nodes, ...late }, LIMIT_MS).then(
        () => undefined,
        (error: unknown) => error,
      );
      const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
      process.stdout.write(
        `round ${round}/${rounds}, ${nodes} nodes: ${failure === undefined ? 'ok' : 'FAILED'}, ${seconds} s\n`,
      );
      if (failure === undefined) continue;
      failed += 1;
      process.stdout.write(`${failure instanceof Error ? failure.stack : String(failure)}\n`);
    }
  }
  process.stdout.write(`${rounds * SIZES.length - failed} passed, ${failed} failed\n`);
  return failed;
}

let run: () => Promise<number>;
try {
  if (process.argv[2] === 'locks') {
    run = soakLocks(process.argv.slice(3));
  } else if (process.argv[2] === 'jobs') {
    run = soakJobs(process.argv.slice(3));
  } else {
    const rounds = readRounds();
    run = async () => (rounds === undefined ? 0 : await soak(rounds));
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  process.exit(2);
}
process.exitCode = (await run()) > 0 ? 1 : 0;
