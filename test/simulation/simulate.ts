/** `npm run simulate -- --seeds N [--seed S --trace]`: simulated histories, each replayed by its seed alone. */
import { writeSync } from 'node:fs';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { MUTATIONS } from './mutations/mutations.ts';
import { simulateHistory, type Verdict } from './simulate-history.ts';

const options = await yargs(hideBin(process.argv))
  .scriptName('npm run simulate --')
  .usage('$0 [--seeds N | --seed S [--trace]]\n\nRuns the real agent in simulated clusters and checks its invariants.')
  .option('seeds', { type: 'number', default: 1_000, describe: 'How many histories to run' })
  .option('from', { type: 'number', default: 1, describe: 'The first seed' })
  .option('seed', { type: 'number', describe: 'Runs this one seed' })
  .option('trace', { type: 'boolean', default: false, describe: 'Prints everything that happens in it' })
  .option('mutation', {
    type: 'string',
    choices: MUTATIONS.map((mutation) => mutation.name),
    describe: 'Leaves one rule of the protocol out',
  })
  .option('keep-going', { type: 'boolean', default: false, describe: 'Goes on after a failure' })
  .option('json', { type: 'boolean', default: false, describe: 'Prints one JSON object a history' })
  .check(({ seeds, from, seed, trace }) => {
    if (!Number.isSafeInteger(seeds) || seeds < 1) throw new Error('--seeds wants a whole number above 0.');
    if (!Number.isSafeInteger(from) || from < 0) throw new Error('--from wants a whole number.');
    if (seed !== undefined && (!Number.isSafeInteger(seed) || seed < 0))
      throw new Error('--seed wants a whole number.');
    if (trace && seed === undefined) throw new Error('--trace wants a --seed.');
    return true;
  })
  .strict()
  .help()
  .parseAsync();

const mutation = MUTATIONS.find((each) => each.name === options.mutation);
const seeds = options.seed === undefined ? range(options.from, options.seeds) : [options.seed];
const failures: Verdict[] = [];
const startedMs = Date.now();
let effects = 0;

for (const [index, seed] of seeds.entries()) {
  const verdict = await simulateHistory({
    seed,
    ...(mutation ? { mutation } : {}),
    ...(options.trace ? { write: (line: string) => writeSync(1, `${line}\n`) } : {}),
  });
  effects += verdict.effects;
  if (options.json) process.stdout.write(`${JSON.stringify(verdict)}\n`);
  if (!verdict.ok) {
    failures.push(verdict);
    if (!options.json) process.stdout.write(`${describe(verdict)}\n`);
    if (!options.keepGoing) break;
  }
  if (process.stderr.isTTY && index % 20 === 0) process.stderr.write(`\r${index + 1} of ${seeds.length} histories `);
}

if (!options.json) {
  const seconds = (Date.now() - startedMs) / 1_000;
  const first = seeds.length === 1 ? `seed ${seeds[0]}` : `${seeds.length} histories`;
  process.stdout.write(
    `${first}, ${effects} effects, ${seconds.toFixed(1)} s: ${failures.length === 0 ? 'no invariant broken' : `${failures.length} failed`}\n`,
  );
}
process.exitCode = failures.length > 0 ? 1 : 0;

function range(from: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

function describe({ seed, message }: Verdict): string {
  const replay = `npm run simulate -- --seed ${seed}${mutation ? ` --mutation ${mutation.name}` : ''} --trace`;
  return `\nseed ${seed}: ${message}\n  replay: ${replay}`;
}
