// SPDX-License-Identifier: Apache-2.0
/**
 * Fresh bootstraps, many times over: `npm run soak [-- --rounds N]`, N (default 20) of each size. Prints a line for
 * each; the exit code is 1 if any failed, 2 for wrong usage. `npm run soak -- locks` pauses and kills holders of locks
 * instead, and `npm run soak -- jobs` kills workers of a job queue. The others are about the size of things: see the
 * usage.
 */
import { parseArgs } from 'node:util';
import { soakJobs } from '../client/recipes/soak-jobs.ts';
import { soakLocks } from '../client/recipes/soak-locks.ts';
import { soakTreeCaches } from '../client/recipes/soak-tree-caches.ts';
import { soakMemory } from '../client/soak-memory.ts';
import { soakWatches } from '../client/soak-watches.ts';
import { bootstrapAndCheck } from './support/fresh-ensemble.ts';

const SIZES = [1, 3, 5, 7];
const LIMIT_MS = 240_000;

/** Each reads its words, which throws for wrong ones. The run resolves with 0 if all was well. */
const SOAKS: Readonly<Record<string, (words: string[]) => () => Promise<number>>> = {
  locks: soakLocks,
  jobs: soakJobs,
  watches: soakWatches,
  'client-memory': soakMemory,
  'tree-caches': soakTreeCaches,
};

const USAGE = `Usage: npm run soak [-- --rounds N]
       npm run soak -- locks [--pauses N] [--locks N] [--seed N]
       npm run soak -- jobs [--jobs N] [--seed N]
       npm run soak -- watches [--watches N]
       npm run soak -- client-memory [--operations N]
       npm run soak -- tree-caches [--caches N] [--znodes N] [--processes N] [--changed N]

Fresh ensembles of ${SIZES.join(', ')} nodes, N rounds of each size (default 20). Prints a line for each.
With "locks": N holders of locks are paused until another has their lock (default 1,000), some are killed.
With "jobs": N jobs (default 10,000) for workers that are killed at random. Each job has to be done once.
With "watches": N watches (default 1,000,000) of one client are set, set again after a lost connection, and fired. No
pause of the event loop may take more than 50 ms.
With "client-memory": N operations (default 10,000,000) of one client, whose memory must stay flat.
With "tree-caches": N caches (default 1,000) of so many znodes (5,000) in several processes (4). The leader is killed, and
then znodes are set (50): at most two requests for each of them in each cache. It takes about 8 GB, and less with fewer.

Examples:
  npm run soak -- --rounds 3
  npm run soak -- locks --pauses 10000
  npm run soak -- jobs --jobs 1000
  npm run soak -- client-memory --operations 1000000
`;

/** Undefined when only help was asked for. */
function readRounds(): number | undefined {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '20' }, help: { type: 'boolean', short: 'h' } },
    allowPositionals: process.argv.includes('--help'),
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
  const [, , name = '', ...words] = process.argv;
  const named = words.includes('--help') ? undefined : SOAKS[name];
  if (named !== undefined) {
    run = named(words);
  } else {
    const rounds = readRounds();
    run = async () => (rounds === undefined ? 0 : await soak(rounds));
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  process.exit(2);
}
process.exitCode = (await run()) > 0 ? 1 : 0;
