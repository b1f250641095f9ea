// SPDX-License-Identifier: Apache-2.0
/** `npm run bench -- NAME`: side by side with the floor, interleaved in one run; JSON on standard output. */
import yargs from 'yargs';
import { benchClients } from './client/contest.ts';
import { benchFloor } from './client/floor.ts';
import { benchExecutableTick } from './executable-tick.ts';
import { benchGenesis } from './genesis.ts';
import { benchJoin } from './join.ts';
import { benchRecover } from './recover.ts';
import { benchTick } from './tick.ts';

const BENCHMARKS: Readonly<Record<string, (rounds: number, progress: (line: string) => void) => Promise<unknown>>> = {
  tick: benchTick,
  genesis: benchGenesis,
  join: benchJoin,
  recover: benchRecover,
  client: benchClients,
  'client-floor': benchFloor,
};
const DEFAULT_ROUNDS: Readonly<Record<string, number>> = {
  tick: 31,
  genesis: 9,
  join: 9,
  recover: 9,
  client: 5,
  'client-floor': 7,
};

const arguments_ = await yargs(process.argv.slice(2))
  .scriptName('npm run bench --')
  .usage('$0 NAME\n\nMeasures the product against its floor, in turn, and prints JSON with the ratio of the medians.')
  .option('rounds', { type: 'number', describe: 'counted rounds of each (at least 5)' })
  .option('executable', { type: 'boolean', default: false, describe: 'tick: of the packaged executable' })
  .example('$0 tick', 'a healthy recovery run against node -e 0')
  .example('$0 tick --executable', 'the executable’s, against node -e 0 and an empty executable, and its memory')
  .example('$0 client', 'the ZooKeeper client against those of Java, Node and Python')
  .example('$0 client-floor', 'processor time of the client for each call, against a bare socket')
  .example('$0 all', 'all of them')
  .demandCommand(1, 1, `Name a benchmark: ${Object.keys(BENCHMARKS).join(', ')} or all.`)
  .strict()
  .parseAsync();

const wanted = String(arguments_._[0]);
const names = wanted === 'all' ? Object.keys(BENCHMARKS) : [wanted];
for (const name of names) {
  const benchmark = name === 'tick' && arguments_.executable ? benchExecutableTick : BENCHMARKS[name];
  if (!benchmark) {
    process.stderr.write(`There is no benchmark "${name}"; there are ${Object.keys(BENCHMARKS).join(', ')}.\n`);
    process.exit(2);
  }
  const rounds = Math.max(5, arguments_.rounds ?? DEFAULT_ROUNDS[name] ?? 5);
  const comparison = await benchmark(rounds, (line) => process.stderr.write(`${line}\n`));
  process.stdout.write(`${JSON.stringify(comparison, undefined, 2)}\n`);
}
