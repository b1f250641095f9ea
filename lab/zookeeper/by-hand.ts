// SPDX-License-Identifier: Apache-2.0
/**
 * Real ZooKeeper servers started by hand, as an operator would with only a static config. Tests use them, and
 * benchmarks compare the agent with them.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CLIENT_PORT, type Member } from '../../src/model/member.ts';
import { LAB_TICK, type TickSettings } from '../../src/timings.ts';
import { renderDynamicConfig, renderZooCfg } from '../../src/zookeeper/zoo-cfg.ts';
import type { JvmKind, ZookeeperDistribution } from './distribution.ts';

const SERVING_LIMIT_MS = 60_000;
const GONE_LIMIT_MS = 30_000;
const PROBE_LIMIT_MS = 500;
const POLL_MS = 20;

export interface ByHandOptions {
  /** Contains `conf/zoo.cfg`, `data/` and `server.log`; made where it is missing. */
  readonly directory: string;
  readonly id: number;
  /** The address for clients, port 2181. */
  readonly address: string;
  /**
   * - `genesis`: writes the config and the marker `initialize`.
   * - `joiner`: writes only the config (`members` are the current ones, and this server as observer).
   * - `restart`: writes nothing; the server starts from what it wrote last.
   */
  readonly start: 'genesis' | 'joiner' | 'restart';
  readonly members?: readonly Member[];
  readonly tick?: TickSettings;
  /** Lines of `zoo.cfg` that no other server here has. */
  readonly moreLines?: readonly string[];
  readonly jvm?: JvmKind;
  /** Java flags before all others, for example `@/path/of/java-options`. */
  readonly jvmOptions?: readonly string[];
  /** The words of a program that runs java, such as one that enters a network namespace and becomes it. */
  readonly startedBy?: readonly string[];
  readonly distribution: ZookeeperDistribution;
}

export interface ServerByHand extends AsyncDisposable {
  readonly pid: number;
  readonly id: number;
  readonly address: string;
  readonly confDir: string;
  readonly dataDir: string;
  readonly logFile: string;
  /** Resolves with the server's exit code, or the name of the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  /** Waits until `srvr` shows a Mode. Rejects with the end of the log when the process ends or the limit is over. */
  untilServing(limitMs?: number): Promise<void>;
  /** The answer to a four-letter word; rejects when there is none. */
  ask(word: string): Promise<string>;
  /**
   * Resolves once the process is gone; for SIGSTOP once none of its threads runs, for SIGCONT at once. The default is
   * SIGKILL.
   */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** Writes the files for the kind of start, then starts java. Disposal kills the process and keeps the files. */
export async function startByHand(options: ByHandOptions): Promise<ServerByHand> {
  const confDir = join(options.directory, 'conf');
  const dataDir = join(options.directory, 'data');
  const logFile = join(options.directory, 'server.log');
  await mkdir(confDir, { recursive: true });
  await mkdir(dataDir, { recursive: true });
  if (options.start !== 'restart') {
    await writeFiles(options, confDir, dataDir);
  }
  const java = options.distribution.command(options.jvm ?? 'fast', options.jvmOptions);
  const [program = '', ...words] = [...(options.startedBy ?? []), ...java];
  const log = await open(logFile, 'a');
  const child = spawn(program, [...words, join(confDir, 'zoo.cfg')], {
    cwd: options.directory,
    stdio: ['ignore', log.fd, log.fd],
  });
  await log.close();
  return server(child, { id: options.id, address: options.address, confDir, dataDir, logFile });
}

async function writeFiles(options: ByHandOptions, confDir: string, dataDir: string): Promise<void> {
  const { id, members, start, tick = LAB_TICK, moreLines = [] } = options;
  if (members === undefined) {
    throw new Error(`A ${start} start needs the members.`);
  }
  const dynamicFile = join(confDir, 'zoo.cfg.dynamic');
  await writeFile(join(dataDir, 'myid'), `${id}\n`);
  await writeFile(dynamicFile, renderDynamicConfig(members));
  const more = moreLines.map((line) => `${line}\n`).join('');
  await writeFile(join(confDir, 'zoo.cfg'), renderZooCfg({ dataDir, dynamicFile, tick }) + more);
  if (start === 'genesis') {
    await writeFile(join(dataDir, 'initialize'), '');
  }
}

type Places = Pick<ServerByHand, 'id' | 'address' | 'confDir' | 'dataDir' | 'logFile'>;

async function server(child: ChildProcess, places: Places): Promise<ServerByHand> {
  const exited = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? -1));
    child.once('error', reject);
  });
  // The code below reports a failure to spawn. This catch is for callers that do not wait for `exited`.
  exited.catch(() => {});
  if (child.pid === undefined) {
    await exited;
    throw new Error('java could not be started.');
  }
  const running = (): boolean => child.exitCode === null && child.signalCode === null;
  const kill = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    if (!running()) {
      return;
    }
    child.kill(signal);
    if (signal === 'SIGSTOP') {
      // A thread on another processor may run on for a moment, and answer what was sent after the signal.
      await untilStopped(child.pid, running);
      return;
    }
    if (signal === 'SIGCONT') {
      return;
    }
    await within(exited, GONE_LIMIT_MS, `Server ${places.id} (pid ${child.pid}) did not end after ${signal}.`);
  };
  const ask = (word: string): Promise<string> => fourLetterWord(places.address, word);
  return {
    ...places,
    pid: child.pid,
    exited,
    ask,
    kill,
    untilServing: (limitMs = SERVING_LIMIT_MS) => untilServing(ask, running, places, limitMs),
    [Symbol.asyncDispose]: () => kill('SIGKILL'),
  };
}

/** Every thread has the state T, by proc_pid_stat(5). */
async function untilStopped(pid: number | undefined, running: () => boolean): Promise<void> {
  const end = performance.now() + GONE_LIMIT_MS;
  while (running()) {
    const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
    const states = await Promise.all(threads.map((thread) => threadState(`/proc/${pid}/task/${thread}/stat`)));
    if (threads.length > 0 && states.every((state) => state === undefined || state === 'T')) return;
    if (performance.now() > end) throw new Error(`Server process ${pid} did not stop after SIGSTOP.`);
    await sleep(1);
  }
}

/** Undefined for a thread that has ended. The name in parentheses may hold any character. */
async function threadState(path: string): Promise<string | undefined> {
  const stat = await readFile(path, 'utf8').catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
}

async function untilServing(
  ask: (word: string) => Promise<string>,
  running: () => boolean,
  places: Places,
  limitMs: number,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (performance.now() < end) {
    if (!running()) {
      throw new Error(`Server ${places.id} ended instead of serving:\n${await endOfLog(places.logFile)}`);
    }
    const answer = await ask('srvr').catch(() => '');
    if (answer.includes('Mode: ')) {
      return;
    }
    await sleep(POLL_MS);
  }
  throw new Error(`Server ${places.id} did not serve within ${limitMs} ms:\n${await endOfLog(places.logFile)}`);
}

async function endOfLog(logFile: string): Promise<string> {
  return (await readFile(logFile, 'utf8')).split('\n').slice(-30).join('\n');
}

async function fourLetterWord(host: string, word: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host, port: CLIENT_PORT });
    socket.setTimeout(PROBE_LIMIT_MS, () => socket.destroy(new Error(`${host} did not answer ${word}.`)));
    socket.on('connect', () => socket.write(word));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
  });
}

async function within<T>(promise: Promise<T>, limitMs: number, message: string): Promise<T> {
  const timer = new AbortController();
  const late = sleep(limitMs, undefined, { signal: timer.signal, ref: false }).then(() => {
    throw new Error(message);
  });
  late.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}
