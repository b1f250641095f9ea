/** `npm run simulate -- --seeds N [--seed S --trace]`: simulated histories, each replayed by its seed alone. */
import { writeSync } from 'node:fs';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { ADDITIONS, chosen } from './additions/registry.ts';
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
  .option('without', {
    type: 'string',
    array: true,
    default: [],
    choices: ADDITIONS.map(({ name }) => name),
    describe: 'Leaves an addition out',
  })
  .option('also', {
    type: 'string',
    array: true,
    default: [],
    choices: ADDITIONS.flatMap(({ name, notYet }) => (notYet === undefined ? [] : [name])),
    describe: 'Switches an addition on that is not ready yet',
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
const struck = new Map<string, { histories: number; strikes: number }>();
let effects = 0;

for (const [index, seed] of seeds.entries()) {
  const verdict = await simulateHistory({
    seed,
    without: options.without,
    also: options.also,
    ...(mutation ? { mutation } : {}),
    ...(options.trace ? { write: (line: string) => writeSync(1, `${line}\n`) } : {}),
  });
  effects += verdict.effects;
  count(verdict);
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
  if (seeds.length > 1) process.stdout.write(table());
  process.stdout.write(
    `${first}, ${effects} effects, ${seconds.toFixed(1)} s: ${failures.length === 0 ? 'no invariant broken' : `${failures.length} failed`}\n`,
  );
}
process.exitCode = failures.length > 0 ? 1 : 0;

function range(from: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

function count({ strikes }: Verdict): void {
  for (const [name, times] of Object.entries(strikes)) {
    const so = struck.get(name) ?? { histories: 0, strikes: 0 };
    struck.set(name, { histories: so.histories + 1, strikes: so.strikes + times });
  }
}

/** Every addition that was on, in how many histories it struck, and how often. */
function table(): string {
  const rows = chosen(options).map(({ name, what }) => {
    const { histories = 0, strikes = 0 } = struck.get(name) ?? {};
    return `${name.padEnd(24)}${String(histories).padStart(10)}${String(strikes).padStart(10)}  ${what}\n`;
  });
  return `\n${'addition'.padEnd(24)}${'histories'.padStart(10)}${'strikes'.padStart(10)}\n${rows.join('')}\n`;
}

function describe({ seed, message }: Verdict): string {
  const replay = `npm run simulate -- --seed ${seed}${mutation ? ` --mutation ${mutation.name}` : ''} --trace`;
  return `\nseed ${seed}: ${message}\n  replay: ${replay}`;
}
