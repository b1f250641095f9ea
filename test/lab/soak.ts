// SPDX-License-Identifier: Apache-2.0
/**
 * Fresh bootstraps, many times over: `npm run soak [-- --rounds N]`, N (default 20) of each size. Prints a line for
 * each; the exit code is 1 if any failed, 2 for wrong usage. `npm run soak -- locks` and the like do something else
 * instead: see the help.
 */
import type { Argv } from 'yargs';
import { scriptWords } from '../../tools/script-words.ts';
import { soakJobs } from '../client/recipes/soak-jobs.ts';
import { soakLocks } from '../client/recipes/soak-locks.ts';
import { soakTreeCaches } from '../client/recipes/soak-tree-caches.ts';
import { soakMemory } from '../client/soak-memory.ts';
import { soakWatches } from '../client/soak-watches.ts';
import { type SoakCommand, withNumbers } from '../support/soak-command.ts';
import { bootstrapAndCheck } from './support/fresh-ensemble.ts';

const SIZES = [1, 3, 5, 7];
const LIMIT_MS = 240_000;

/** By the name of the command. The first runs when no other is named. */
const SOAKS: Readonly<Record<string, SoakCommand>> = {
  $0: {
    describe: `fresh ensembles of ${SIZES.join(', ')} nodes, in turn`,
    example: '--rounds 3',
    numbers: { rounds: { least: 1, byDefault: 20, what: 'rounds of each size' } },
    run: ({ rounds = 1 }) => soak(rounds),
  },
  locks: soakLocks,
  jobs: soakJobs,
  watches: soakWatches,
  'client-memory': soakMemory,
  'tree-caches': soakTreeCaches,
};

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

let failures = 0;
await scriptWords('soak', '$0 [command]\n\nThe same thing many times over, or with very many things.', (parser) => {
  for (const [name, soakCommand] of Object.entries(SOAKS)) {
    parser.command(
      name,
      soakCommand.describe,
      (given: Argv) => withNumbers(given, soakCommand),
      async (answers: Readonly<Record<string, unknown>>) => {
        failures = await soakCommand.run(answers as Readonly<Record<string, number>>);
      },
    );
  }
  return parser;
});
process.exitCode = failures > 0 ? 1 : 0;
