// SPDX-License-Identifier: Apache-2.0
/**
 * Runs `packer build` to its end. Shows what happens, writes all of it to a log, and lets Packer clean up when it is
 * stopped.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import type { Terminal } from '../tools/terminal.ts';
import { BakeError } from './errors.ts';
import { Causes } from './first-cause.ts';
import { isMachineReadable, type PackerEvent, readEvent } from './packer-output.ts';
import { environment, type PackerProgram } from './packer-program.ts';

interface PackerBuild {
  readonly packer: PackerProgram;
  readonly variablesFile: string;
  readonly logFile: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly terminal: Terminal;
  /** Lets Packer end its current work and clean up. */
  readonly signal: AbortSignal;
  /** Called with each event. A rejection ends the bake with that error. */
  readonly onEvent?: (event: PackerEvent) => Promise<void>;
  readonly limits?: BuildLimits;
}

interface BuildLimits {
  /** The limit for the whole bake. */
  readonly bakeMs: number;
  /** The limit for Packer's own cleaning up. After it Packer is killed, and the bake searches for what Packer left. */
  readonly cleanUpMs: number;
}

const LIMITS: BuildLimits = { bakeMs: 2 * 3_600_000, cleanUpMs: 600_000 };

/** Resolves when Packer has made an image, otherwise rejects with BakeError. In both cases Packer has ended. */
export async function packerBuild(build: PackerBuild): Promise<void> {
  const { packer, variablesFile, logFile, terminal, limits = LIMITS } = build;
  const limit = AbortSignal.timeout(limits.bakeMs);
  const failed = new AbortController();
  const end = AbortSignal.any([build.signal, limit, failed.signal]);
  end.throwIfAborted();
  const words = ['build', '-machine-readable', `-var-file=${variablesFile}`, packer.template];
  // Packer gets a process group of its own. Ctrl-C in the terminal must reach Packer only once, through this process.
  const child = spawn(packer.program, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: environment(build.environment),
  });
  const causes = new Causes();
  const ended = endOf(child);
  const stopped = stopWhen(end, child, terminal, limits.cleanUpMs);
  const log = createWriteStream(logFile, { mode: 0o600 });
  try {
    await Promise.all([
      ended,
      listen(child, log, async (event) => {
        causes.hear(event);
        show(terminal, event);
        await build.onEvent?.(event).catch((error: unknown) => failed.abort(error));
      }),
    ]);
  } finally {
    stopped();
    terminal.progress();
    log.end();
    await finished(log).catch(() => {});
  }
  const { code, signal } = await ended;
  build.signal.throwIfAborted();
  failed.signal.throwIfAborted();
  if (limit.aborted) {
    const message = `The bake was not done within ${limits.bakeMs / 60_000} minutes, and was ended.`;
    throw new BakeError('BAKE_FAILED', message, `What took so long is in ${logFile}.`);
  }
  if (code === 0) return;
  if (signal !== null) {
    const next = `Run this again; all that was said is in ${logFile}.`;
    throw new BakeError('BAKE_FAILED', `Packer was ended by ${signal}.`, next);
  }
  throw causes.error(logFile);
}

/** Rejects with MISSING_TOOL when Packer can't be started at all. */
function endOf(child: ChildProcess) {
  return new Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', (error) => {
      reject(new BakeError('MISSING_TOOL', `Packer did not start: ${error.message}`, 'Install it anew.', error));
    });
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
}

/**
 * When `end` aborts, asks Packer to end, as Ctrl-C would. Kills it when it does not end. Returns a function that
 * cancels all this.
 */
function stopWhen(end: AbortSignal, child: ChildProcess, terminal: Terminal, cleanUpMs: number): () => void {
  let last: NodeJS.Timeout | undefined;
  const tell = (signal: NodeJS.Signals): void => {
    // The signal goes to the group, as from a terminal, since Packer's plugins and Ansible are processes of their own.
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // The group has ended meanwhile.
    }
  };
  const stop = (): void => {
    terminal.line('Packer is told to end; it removes what it made. That takes a minute or two.');
    tell('SIGINT');
    last = setTimeout(() => tell('SIGKILL'), cleanUpMs);
  };
  end.addEventListener('abort', stop, { once: true });
  return () => {
    end.removeEventListener('abort', stop);
    clearTimeout(last);
  };
}

async function listen(
  child: ChildProcess,
  log: NodeJS.WritableStream,
  hear: (event: PackerEvent) => Promise<void>,
): Promise<void> {
  const heard: Promise<void>[] = [];
  const read = async (stream: NodeJS.ReadableStream | null): Promise<void> => {
    if (stream === null) return;
    for await (const line of createInterface({ input: stream })) {
      const event = readEvent(line);
      if (event !== undefined) heard.push(hear(event));
      if (event !== undefined || !isMachineReadable(line)) log.write(`${event?.text ?? line}\n`);
    }
  };
  await Promise.all([read(child.stdout), read(child.stderr)]);
  await Promise.all(heard);
}

function show(terminal: Terminal, { kind, text }: PackerEvent): void {
  const lines = text.split('\n');
  if (kind === 'step') for (const line of lines) terminal.line(line);
  else if (kind === 'output' && /^(TASK|PLAY RECAP|RUNNING HANDLER) ?\[?/.test(text)) {
    terminal.line(`  ${lines[0]}`, 'dim');
  } else if (kind === 'error') for (const line of lines) terminal.line(`  ${line}`, 'yellow');
  else terminal.progress(`  ${lines.at(-1)}`);
}
