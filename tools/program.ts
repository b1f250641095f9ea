// SPDX-License-Identifier: Apache-2.0
/** Runs a program to its end, within a time limit. When it fails, reports what it printed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface ProgramOptions {
  /** The program's standard input; empty by default. */
  readonly input?: string;
  /** Working directory; by default this process's own. */
  readonly directory?: string;
  /** The whole environment; by default this process's own. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Stops the program; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** The program is stopped after this time. Two minutes by default. */
  readonly limitMs?: number;
  /** How it is stopped, at the limit and by `signal`; SIGTERM by default. */
  readonly stopWith?: NodeJS.Signals;
  /** A program that was told to stop is killed after this time. Five seconds by default. */
  readonly graceMs?: number;
  /** Called with each line when it is printed. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
}

/** How a program ended. */
export interface ProgramOutcome {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The last lines of both outputs, in the order in which they came. */
  readonly lastLines: string;
}

/** The program did not start, did not end in time, or ended with an error. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError';
  /** The program does not exist. */
  readonly missing: boolean;
  /** The last lines that it printed on both outputs; empty when it printed nothing. */
  readonly lastLines: string;

  constructor(message: string, details: { missing?: boolean; lastLines?: string; cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.missing = details.missing ?? false;
    this.lastLines = details.lastLines ?? '';
  }
}

const LIMIT_MS = 120_000;
const GRACE_MS = 5_000;
const KEPT_LINES = 20;

/** Resolves with the program's standard output. Rejects with ProgramError when the exit code is not 0. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<string> {
  const { code, signal, stdout, lastLines } = await outcomeOf(program, args, options);
  if (code === 0) return stdout;
  throw new ProgramError(withLines(`${program} ${args.join(' ')} ended with ${code ?? signal}`, lastLines), {
    lastLines,
  });
}

/**
 * Resolves when the program has ended, with any exit code. Rejects with ProgramError when it could not be started or
 * did not end within the limit. Rejects with the signal's reason when the signal stopped it.
 */
export async function outcomeOf(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramOutcome> {
  const { signal, limitMs = LIMIT_MS } = options;
  signal?.throwIfAborted();
  const child = spawn(program, args, {
    stdio: 'pipe',
    ...(options.directory === undefined ? {} : { cwd: options.directory }),
    ...(options.environment === undefined ? {} : { env: options.environment }),
  });
  const printed = listen(child, options.onLine);
  const limit = AbortSignal.timeout(limitMs);
  const stop = signal === undefined ? limit : AbortSignal.any([signal, limit]);
  // A program may end without reading its input. Only its exit counts.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  try {
    await endOf(child, stop, options);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new ProgramError(`${program} could not be started: ${message}`, { missing: code === 'ENOENT', cause });
  }
  const lastLines = printed.lastLines.join('\n');
  signal?.throwIfAborted();
  if (limit.aborted && child.exitCode !== 0) {
    const why = `${program} ${args.join(' ')} took longer than ${limitMs / 1_000} s`;
    throw new ProgramError(withLines(why, lastLines), { lastLines });
  }
  const { stdout, stderr } = printed;
  return { code: child.exitCode, signal: child.signalCode, stdout, stderr, lastLines };
}

function withLines(sentence: string, lastLines: string): string {
  return lastLines === '' ? `${sentence}.` : `${sentence}:\n${lastLines}`;
}

interface Printed {
  stdout: string;
  stderr: string;
  readonly lastLines: string[];
}

function listen(child: ChildProcess, onLine: ProgramOptions['onLine']): Printed {
  const printed: Printed = { stdout: '', stderr: '', lastLines: [] };
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = child[name];
    if (stream === null) continue;
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed[name] += text;
    });
    createInterface({ input: stream }).on('line', (line) => {
      printed.lastLines.push(line);
      if (printed.lastLines.length > KEPT_LINES) printed.lastLines.shift();
      onLine?.(line, name);
    });
  }
  return printed;
}

/** Rejects when the program could not be started. */
function endOf(child: ChildProcess, stop: AbortSignal, { stopWith, graceMs }: ProgramOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    let kill: NodeJS.Timeout | undefined;
    const onStop = (): void => {
      child.kill(stopWith ?? 'SIGTERM');
      kill = setTimeout(() => child.kill('SIGKILL'), graceMs ?? GRACE_MS);
    };
    const done = (): void => {
      stop.removeEventListener('abort', onStop);
      clearTimeout(kill);
    };
    child.once('error', (error) => {
      done();
      reject(error);
    });
    child.once('close', () => {
      done();
      resolve();
    });
    // A stopped program may have started others, which can hold its outputs open for ever.
    child.once('exit', () => {
      if (!stop.aborted) return;
      child.stdout?.destroy();
      child.stderr?.destroy();
    });
    stop.addEventListener('abort', onStop, { once: true });
    if (stop.aborted) onStop();
  });
}
