// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run bench -- client`: get and set of several clients on one server, in turn. Each contestant is a process of its
 * own. Its arguments: servers, path, `get` or `set`, calls in flight, bytes of data, warm-up in ms, measured time in
 * ms. It prints what `Measured` has as JSON.
 */
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { zookeeperHome } from '../../lab/zookeeper/fetch.ts';
import { connect } from '../../src/client/index.ts';
import { realEnsemble } from '../../test/support/real-server.ts';
import { runProgram } from '../../tools/program.ts';
import { pythonEnvironment } from '../../tools/python-environment.ts';
import { median, round } from '../measure.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const HERE = join(ROOT, 'bench/client');
const OLD_PROGRAMS = join(ROOT, 'test/drop-in/programs');
const WARM_UP_MS = 2_000;
const MEASURED_MS = 2_000;
const LIMIT_MS = 60_000;
const NETTY = '-Dzookeeper.serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory';
const SERVER_HEAP = '-Xmx1g';
const SERVERS: Readonly<Record<string, readonly string[]>> = { netty: [NETTY], nio: [] };
const LOADS = [
  { inFlight: 1_000, bytes: 100 },
  { inFlight: 1_000, bytes: 10_240 },
  { inFlight: 1, bytes: 100 },
];
const OPERATIONS = ['get', 'set'] as const;

/** What a contestant prints. */
export interface Measured {
  readonly calls: number;
  readonly ms: number;
  /** Of its process, while it was measured. */
  readonly cpuMs: number;
}

interface Figures {
  readonly callsPerSecond: number;
  readonly cpuMicrosPerCall: number;
}

interface Contestant {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
}

interface Contest {
  readonly server: string;
  readonly operation: string;
  readonly inFlight: number;
  readonly bytes: number;
  /** Medians of the rounds, by contestant. */
  readonly figures: Readonly<Record<string, Figures>>;
  /** Calls a second of ours over those of each other one. */
  readonly timesFaster: Readonly<Record<string, number>>;
  /** Who takes no part, and why. */
  readonly notHere: Readonly<Record<string, string>>;
}

interface Field {
  readonly contestants: readonly Contestant[];
  readonly notHere: Readonly<Record<string, string>>;
}

/** Who takes part: a client that is not installed and can't be is left out, and named with the reason. */
async function fieldOf(progress: (line: string) => void): Promise<Field> {
  const { classPath, logback } = await zookeeperHome();
  const ours = { name: 'ours', command: [process.execPath, join(HERE, 'ours.ts')] };
  const java = {
    name: 'java',
    command: ['java', '-cp', classPath, `-Dlogback.configurationFile=${logback}`, join(HERE, 'JavaClient.java')],
  };
  const contestants: Contestant[] = [ours, java];
  const notHere: Record<string, string> = {};
  for (const [name, install] of Object.entries({ 'node-zookeeper-client': installOld, kazoo: installKazoo })) {
    progress(`Installing ${name}`);
    try {
      contestants.push({ name, ...(await install()) });
    } catch (error) {
      notHere[name] = String(error instanceof Error ? error.message : error).trim();
      progress(`${name} is not here, and takes no part: ${notHere[name]}`);
    }
  }
  return { contestants, notHere };
}

async function installOld(): Promise<Omit<Contestant, 'name'>> {
  const modules = join(ROOT, '.cache/bench-client');
  await mkdir(modules, { recursive: true });
  await cp(OLD_PROGRAMS, modules, { recursive: true });
  const words = ['ci', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  await runProgram('npm', words, { directory: modules });
  return {
    command: [process.execPath, join(HERE, 'old.ts')],
    environment: { ...process.env, BENCH_MODULES: modules },
  };
}

/** In a private environment with the pinned version; quick when it exists. */
async function installKazoo(): Promise<Omit<Contestant, 'name'>> {
  const requirements = join(HERE, 'requirements.txt');
  const python = await pythonEnvironment({ directory: join(ROOT, '.cache/bench-kazoo'), requirements });
  await runProgram(python, ['-c', 'import kazoo.client']);
  return { command: [python, join(HERE, 'kazoo_client.py')] };
}

export async function benchClients(rounds: number, progress: (line: string) => void): Promise<readonly Contest[]> {
  const { contestants, notHere } = await fieldOf(progress);
  const contests: Contest[] = [];
  for (const [server, jvmOptions] of Object.entries(SERVERS)) {
    await using ensemble = await realEnsemble(1, { jvm: 'production', jvmOptions: [SERVER_HEAP, ...jvmOptions] });
    const servers = `${ensemble.server(1).address}:2181`;
    await using client = await connect({ servers });
    for (const { inFlight, bytes } of LOADS) {
      const path = `/bench-${bytes}-${inFlight}`;
      await client.create(path, { data: Buffer.alloc(bytes, 'x') });
      for (const operation of OPERATIONS) {
        const words = [servers, path, operation, ...[inFlight, bytes, WARM_UP_MS, MEASURED_MS].map(String)];
        const what = `${server} ${operation} ${inFlight} × ${bytes} B`;
        const figures = await inTurn(contestants, words, rounds, (line) => progress(`${what}: ${line}`));
        contests.push({ server, operation, inFlight, bytes, figures, timesFaster: timesFaster(figures), notHere });
      }
    }
  }
  return contests;
}

export async function inTurn(
  all: readonly Contestant[],
  words: readonly string[],
  rounds: number,
  progress: (line: string) => void,
): Promise<Readonly<Record<string, Figures>>> {
  const seen = new Map<string, Figures[]>(all.map(({ name }) => [name, []]));
  for (let number = 0; number < rounds; number++) {
    // The order alternates, so that a machine that slows down slows all.
    for (const contestant of number % 2 === 0 ? all : all.toReversed()) {
      const figures = await runOne(contestant, words);
      seen.get(contestant.name)?.push(figures);
      progress(`${contestant.name} ${figures.callsPerSecond} calls a second`);
    }
  }
  return Object.fromEntries([...seen].map(([name, figures]) => [name, mediansOf(figures)]));
}

async function runOne({ command, environment }: Contestant, words: readonly string[]): Promise<Figures> {
  const [program = '', ...first] = command;
  const options = { limitMs: LIMIT_MS, ...(environment === undefined ? {} : { environment }) };
  const out = await runProgram(program, [...first, ...words], options);
  const line = out.split('\n').find((each) => each.startsWith('{'));
  if (line === undefined) throw new Error(`${command.at(-1)} printed no figures.`);
  const { calls, ms, cpuMs } = JSON.parse(line) as Measured;
  return { callsPerSecond: round((calls * 1_000) / ms, 0), cpuMicrosPerCall: round((cpuMs * 1_000) / calls, 2) };
}

function mediansOf(figures: readonly Figures[]): Figures {
  return {
    callsPerSecond: median(figures.map((each) => each.callsPerSecond)),
    cpuMicrosPerCall: median(figures.map((each) => each.cpuMicrosPerCall)),
  };
}

function timesFaster(figures: Readonly<Record<string, Figures>>): Readonly<Record<string, number>> {
  const ours = figures.ours?.callsPerSecond ?? Number.NaN;
  const others = Object.entries(figures).filter(([name]) => name !== 'ours');
  return Object.fromEntries(others.map(([name, { callsPerSecond }]) => [name, round(ours / callsPerSecond, 2)]));
}
