// SPDX-License-Identifier: Apache-2.0
/** `npm run bench -- NAME`: side by side with the floor, interleaved in one run; JSON on standard output. */
import { scriptWords } from '../tools/script-words.ts';
import { benchClients } from './client/contest.ts';
import { benchFloor } from './client/floor.ts';
import { benchExecutableTick } from './executable-tick.ts';
import { benchGenesis } from './genesis.ts';
import { benchJoin } from './join.ts';
import { benchRecover } from './recover.ts';
import { benchReleaseTick } from './release-tick.ts';
import { benchTick } from './tick.ts';

const BENCHMARKS: Readonly<Record<string, (rounds: number, progress: (line: string) => void) => Promise<unknown>>> = {
  tick: benchTick,
  'tick-releases': benchReleaseTick,
  genesis: benchGenesis,
  join: benchJoin,
  recover: benchRecover,
  client: benchClients,
  'client-floor': benchFloor,
};
const DEFAULT_ROUNDS: Readonly<Record<string, number>> = {
  tick: 31,
  'tick-releases': 31,
  genesis: 9,
  join: 9,
  recover: 9,
  client: 5,
  'client-floor': 7,
};

const NAMES = [...Object.keys(BENCHMARKS), 'all'];

const { name, rounds, executable } = await scriptWords(
  'bench',
  '$0 <name>\n\nMeasures the product against its floor, in turn, and prints JSON with the ratio of the medians.',
  (parser) =>
    parser
      .command('$0 <name>', false, (command) =>
        command.positional('name', { choices: NAMES, demandOption: true, describe: 'what to measure' }),
      )
      .option('rounds', { type: 'number', describe: 'counted rounds of each (at least 5)' })
      .option('executable', { type: 'boolean', default: false, describe: 'tick: of the packaged executable' })
      .check((asked) => {
        if (asked.rounds === undefined || (Number.isInteger(asked.rounds) && asked.rounds >= 1)) return true;
        throw new Error('--rounds is a whole number above 0.');
      })
      .example('$0 tick', 'a healthy recovery run against node -e 0')
      .example('$0 tick --executable', 'the executable’s, against node -e 0 and an empty executable, and its memory')
      .example('$0 tick-releases', 'the executable’s, against that of the release before')
      .example('$0 client', 'the ZooKeeper client against those of Java, Node and Python')
      .example('$0 client-floor', 'processor time of the client for each call, against a bare socket')
      .example('$0 all', 'all of them'),
);

const names = name === 'all' ? Object.keys(BENCHMARKS) : [String(name)];
for (const each of names) {
  const benchmark = each === 'tick' && executable ? benchExecutableTick : BENCHMARKS[each];
  if (!benchmark) throw new Error(`There is no benchmark "${each}".`);
  const counted = Math.max(5, rounds ?? DEFAULT_ROUNDS[each] ?? 5);
  const comparison = await benchmark(counted, (line) => process.stderr.write(`${line}\n`));
  process.stdout.write(`${JSON.stringify(comparison, undefined, 2)}\n`);
}
