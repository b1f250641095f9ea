// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { open, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError } from '../errors.ts';
import { REBOOT } from '../model/advice.ts';
import type { ServerControl } from '../ports.ts';
import { isCode, readIfThere } from './durable-file.ts';
import { endsFile, forgetOldEnds, readEnds } from './process-ends.ts';
import { type ProcessIdentity, parsePidFile, runningMs } from './process-identity.ts';
import { workOf } from './process-work.ts';
import { type Forbidding, refuseWhileForbidden } from './start-check.ts';

interface ProcessServiceOptions {
  /** java with all its arguments. */
  readonly command: readonly string[];
  readonly pidFile: string;
  /** Standard output and error are appended to it. */
  readonly logFile: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly whatForbids: () => Promise<Forbidding | undefined>;
  /** How long the process may take to end. */
  readonly stopLimitMs?: number;
}

const STOP_LIMIT_MS = 10_000;
const START_LIMIT_MS = 10_000;
/** A killed process is gone within some milliseconds, and a recovery waits for that. */
const POLL_MS = 5;

/**
 * The process writes its own pid file before it becomes java. So an agent that dies right after the start can't leave
 * an unknown server behind. An exec keeps the number and the start time.
 *
 * A shell stays beside the process to note an end with an exit code of its own (process-ends.ts). An end by a signal
 * was caused by somebody, and is not noted.
 */
const WRITE_PID_FILE_THEN_EXEC = [
  'pid_file=$1; shift',
  'read -r began rest < /proc/uptime || exit 125',
  '(',
  'IFS= read -r stat < /proc/self/stat && IFS= read -r boot < /proc/sys/kernel/random/boot_id || exit 125',
  'printf "%s\\n%s\\n" "$stat" "$boot" > "$pid_file" || exit 125',
  'exec "$@"',
  ') &',
  'wait $!',
  'code=$?',
  'read -r ended rest < /proc/uptime',
  'if [ "$code" -lt 128 ]; then printf "%s %s %s\\n" "$began" "$ended" "$code" >> "$pid_file.ends"; fi',
  'exit "$code"',
].join('\n');

/**
 * The server as a child process that outlives the agent. It stays in the agent's process group and session. In the lab
 * a machine is a process group, so stopping the machine stops all of it.
 */
export function processService(options: ProcessServiceOptions): ServerControl {
  return {
    state: async (signal) => {
      signal.throwIfAborted();
      const upMs = await upMsOf(await recorded(options.pidFile));
      if (upMs !== undefined) return { kind: 'running', upMs };
      // Only the agent starts this process, so it is never about to start by itself.
      const ends = await readEnds(endsFile(options.pidFile), options.logFile);
      return { kind: 'stopped', ...(ends === undefined ? {} : { ends }) };
    },
    work: async (signal) => {
      signal.throwIfAborted();
      const identity = await running(options.pidFile);
      return identity && workOf(identity.pid);
    },
    start: async (signal) => {
      signal.throwIfAborted();
      await refuseWhileForbidden(options.whatForbids, 'The server');
      if ((await running(options.pidFile)) === undefined) {
        await launch(options, signal);
      }
    },
    stop: (signal) => stop(options, signal),
  };
}

async function upMsOf(identity: ProcessIdentity | undefined): Promise<number | undefined> {
  return identity && runningMs(identity);
}

async function launch(options: ProcessServiceOptions, signal: AbortSignal): Promise<void> {
  // From now on the pid file can only be of the process that is started here.
  await rm(options.pidFile, { force: true });
  await forgetOldEnds(endsFile(options.pidFile));
  const log = await open(options.logFile, 'a');
  try {
    const child = spawn('/bin/sh', ['-c', WRITE_PID_FILE_THEN_EXEC, 'sh', options.pidFile, ...options.command], {
      stdio: ['ignore', log.fd, log.fd],
      detached: false,
      env: options.env ?? process.env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    child.unref();
    await untilRecorded(child, options, signal);
  } finally {
    await log.close();
  }
}

async function untilRecorded(child: ChildProcess, options: ProcessServiceOptions, signal: AbortSignal): Promise<void> {
  let failure: Error | undefined;
  child.once('error', (error) => {
    failure = error;
  });
  const end = performance.now() + START_LIMIT_MS;
  while (performance.now() < end) {
    const identity = await running(options.pidFile);
    if (identity !== undefined) {
      return;
    }
    if (failure !== undefined || child.exitCode !== null || child.signalCode !== null) {
      break;
    }
    await sleep(POLL_MS, undefined, { signal });
  }
  throw new AgentError(
    'SERVER_DID_NOT_START',
    `The server's process could not be started with ${options.command[0] ?? 'no command'}.`,
    `Read the end of ${options.logFile}.`,
    failure,
  );
}

/**
 * Uses SIGKILL. ZooKeeper writes to disk before it answers, and keeps nothing for an orderly end. A JVM takes a third
 * of a second for such an end. A recovery, or the clients of a leaving node, would have to wait for that. A start after
 * a kill has to work anyway.
 */
async function stop(options: ProcessServiceOptions, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const identity = await running(options.pidFile);
  if (identity !== undefined) await kill(identity, options.stopLimitMs ?? STOP_LIMIT_MS, signal);
  // After a stop, the count of ends begins anew.
  await rm(endsFile(options.pidFile), { force: true });
}

async function kill(identity: ProcessIdentity, limitMs: number, signal: AbortSignal): Promise<void> {
  send(identity, 'SIGKILL');
  if (await isGoneWithin(identity, limitMs, signal)) {
    return;
  }
  throw new AgentError(
    'SERVER_DID_NOT_STOP',
    `The server's process ${identity.pid} is still there ${limitMs / 1_000} s after SIGKILL: it hangs in the kernel, most often on its disk.`,
    REBOOT,
  );
}

async function isGoneWithin(identity: ProcessIdentity, limitMs: number, signal: AbortSignal): Promise<boolean> {
  const end = performance.now() + limitMs;
  for (;;) {
    if ((await runningMs(identity)) === undefined) {
      return true;
    }
    if (performance.now() >= end) {
      return false;
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}

function send(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    if (!isCode(error, 'ESRCH')) {
      throw error;
    }
  }
}

async function running(pidFile: string): Promise<ProcessIdentity | undefined> {
  const identity = await recorded(pidFile);
  return identity !== undefined && (await runningMs(identity)) !== undefined ? identity : undefined;
}

/** An empty or incomplete file is being written at this moment, before the process becomes java. It counts as none. */
async function recorded(pidFile: string): Promise<ProcessIdentity | undefined> {
  const text = await readIfThere(pidFile);
  return text === undefined ? undefined : parsePidFile(text);
}
