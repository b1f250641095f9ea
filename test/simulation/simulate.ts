// SPDX-License-Identifier: Apache-2.0
/** `npm run simulate -- --seeds N [--seed S --trace]`: simulated histories, each replayed by its seed alone. */
import { writeSync } from 'node:fs';
import { scriptWords } from '../../tools/script-words.ts';
import { ADDITIONS, chosen } from './additions/registry.ts';
import { runJobs } from './jobs.ts';
import { MUTATIONS } from './mutations/mutations.ts';
import { simulateHistory, type Verdict } from './simulate-history.ts';

const options = await scriptWords(
  'simulate',
  '$0 [--seeds N | --seed S [--trace]]\n\nRuns the real agent in simulated clusters and checks its invariants.',
  (parser) =>
    parser
      .option('seeds', { type: 'number', default: 1_000, describe: 'How many histories to run' })
      .option('from', { type: 'number', default: 1, describe: 'The first seed' })
      .option('seed', { type: 'number', describe: 'Runs this one seed' })
      .option('mode', {
        choices: ['dynamic', 'elastic-ip'] as const,
        default: 'dynamic' as const,
        describe: 'How nodes come by their ids and addresses',
      })
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
      .option('jobs', { type: 'number', default: 1, describe: 'Runs them in so many processes at once' })
      .option('keep-going', { type: 'boolean', default: false, describe: 'Goes on after a failure' })
      .option('json', { type: 'boolean', default: false, describe: 'Prints one JSON object a history' })
      .check(({ seeds, from, seed, trace, jobs }) => {
        if (!Number.isSafeInteger(seeds) || seeds < 1) throw new Error('--seeds wants a whole number above 0.');
        if (!Number.isSafeInteger(from) || from < 0) throw new Error('--from wants a whole number.');
        if (seed !== undefined && (!Number.isSafeInteger(seed) || seed < 0)) {
          throw new Error('--seed wants a whole number.');
        }
        if (!Number.isSafeInteger(jobs) || jobs < 1 || jobs > 64) {
          throw new Error('--jobs wants a whole number from 1 to 64.');
        }
        if (trace && seed === undefined) throw new Error('--trace wants a --seed.');
        return true;
      })
      .example('$0 --seeds 2000 --jobs 2', 'two processes')
      .example('$0 --seed 7 --trace', 'one history, line by line'),
);

const mutation = MUTATIONS.find((each) => each.name === options.mutation);
const failures: Verdict[] = [];
const startedMs = Date.now();
const struck = new Map<string, { histories: number; strikes: number }>();
let effects = 0;
let seen = 0;
const wanted = options.seed === undefined ? options.seeds : 1;

if (options.jobs > 1 && options.seed === undefined) {
  const { jobs, from, seeds } = options;
  await runJobs({ jobs, from, seeds, args: passedOn() }, saw);
} else {
  const first = options.seed ?? options.from;
  for (let seed = first; seed < first + wanted; seed++) {
    const verdict = await simulateHistory({
      seed,
      mode: options.mode,
      without: options.without,
      ...(mutation ? { mutation } : {}),
      ...(options.trace ? { write: (line: string) => writeSync(1, `${line}\n`) } : {}),
    });
    if (!saw(verdict)) break;
  }
}

if (!options.json) {
  const seconds = (Date.now() - startedMs) / 1_000;
  const first = options.seed === undefined ? `${seen} histories` : `seed ${options.seed}`;
  if (seen > 1) process.stdout.write(table());
  process.stdout.write(
    `${first}, ${effects} effects, ${seconds.toFixed(1)} s: ${failures.length === 0 ? 'no invariant broken' : `${failures.length} failed`}\n`,
  );
}
process.exitCode = failures.length > 0 ? 1 : 0;

/** Whether to go on after this one. */
function saw(verdict: Verdict): boolean {
  seen++;
  effects += verdict.effects;
  count(verdict);
  if (options.json) process.stdout.write(`${JSON.stringify(verdict)}\n`);
  if (process.stderr.isTTY && seen % 20 === 1) process.stderr.write(`\r${seen} of ${wanted} histories `);
  if (verdict.ok) return true;
  failures.push(verdict);
  if (!options.json) process.stdout.write(`${describe(verdict)}\n`);
  return options.keepGoing;
}

/** What the other processes are told, too. */
function passedOn(): readonly string[] {
  return [
    ...(mutation ? ['--mutation', mutation.name] : []),
    '--mode',
    options.mode,
    ...options.without.flatMap((name) => ['--without', name]),
    ...(options.keepGoing ? ['--keep-going'] : []),
  ];
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
  const mode = options.mode === 'dynamic' ? '' : ` --mode ${options.mode}`;
  const replay = `npm run simulate -- --seed ${seed}${mode}${mutation ? ` --mutation ${mutation.name}` : ''} --trace`;
  return `\nseed ${seed}: ${message}\n  replay: ${replay}`;
}
