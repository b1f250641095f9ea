// SPDX-License-Identifier: Apache-2.0
/** Runs the lab's command line as a person does, without the set-up of lab.sh. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { StateDirectory } from '../../../lab/daemon/state-directory.ts';
import { sweep } from '../../../lab/daemon/sweep.ts';
import { labName } from '../../support/lab-name.ts';

const LAB = resolve(import.meta.dirname, '../../../lab/lab.ts');
const COMPILED = resolve(import.meta.dirname, '../../../.cache/compiled');
const LIMIT_MS = 300_000;

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCommand {
  readonly child: ChildProcess;
  readonly result: Promise<CommandResult>;
  /** Resolves as soon as standard output or error holds the text. Rejects when the command ends without it. */
  until(text: string): Promise<void>;
}

export function startCommand(args: readonly string[], limitMs = LIMIT_MS): RunningCommand {
  const child = spawn(process.execPath, [LAB, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // As lab.sh does.
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILED },
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  const heard = (): void => {
    for (const look of waiting) look();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    heard();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    heard();
  });
  const result = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  const until = (text: string): Promise<void> =>
    new Promise((found, fail) => {
      const look = (): void => {
        if (stdout.includes(text) || stderr.includes(text)) found();
      };
      waiting.add(look);
      look();
      result.then((end) => fail(new Error(`The command ended without "${text}": ${end.stdout}${end.stderr}`)), fail);
    });
  return { child, result, until };
}

export function runCommand(...args: readonly string[]): Promise<CommandResult> {
  return startCommand(args).result;
}

export interface NamedLab extends AsyncDisposable {
  readonly name: string;
  readonly state: StateDirectory;
  run(...args: readonly string[]): Promise<CommandResult>;
  start(...args: readonly string[]): RunningCommand;
}

/** A name that no other lab has; whatever runs under it is gone with it. */
export function namedLab(): NamedLab {
  const name = labName();
  const state = StateDirectory.ofLab(name);
  return {
    name,
    state,
    run: (...args) => runCommand(...args, '--name', name),
    start: (...args) => startCommand([...args, '--name', name]),
    [Symbol.asyncDispose]: async () => {
      await sweep(state);
      state.remove();
    },
  };
}
