// SPDX-License-Identifier: Apache-2.0
/** One command of `zk-agent zk`, from its connection to its exit code. */
import { ZookeeperError } from '../client/index.ts';
import type { ZkFlags } from './command-line.ts';
import { ZK_COMMANDS } from './commands.ts';
import { openClient } from './connection-options.ts';
import { nextStep } from './next-step.ts';
import { ZkError } from './zk-error.ts';

/** Longer nobody waits for an offer of the shell. */
const COMPLETION_LIMIT_MS = 2_000;

/**
 * Resolves with the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted. An error stands on standard error, or
 * in the JSON.
 */
export async function runZk(command: string, flags: ZkFlags, interrupt: AbortSignal): Promise<number> {
  const ending = new AbortController();
  const closed = (error: NodeJS.ErrnoException): void => ending.abort(error);
  const signal = AbortSignal.any([interrupt, ending.signal]);
  // Who reads is gone, say `head`: that is no error.
  process.stdout.on('error', closed);
  try {
    await using client = await openClient(flags, process.env, signal);
    await ZK_COMMANDS[command]?.({
      client,
      flags,
      signal,
      input: process.stdin,
      write: (text) => written(text, signal),
      note: (text) => void (process.stderr.isTTY && process.stderr.write(`${text}\n`)),
    });
    // What ends with its signal, such as a watch, ends without an error.
    return interrupt.aborted ? 130 : 0;
  } catch (error) {
    if (interrupt.aborted) return 130;
    if (ending.signal.aborted) return 0;
    tellError(command, error, flags.json === true);
    return error instanceof ZkError && error.code === 'BAD_OPTION' ? 2 : 1;
  } finally {
    process.stdout.off('error', closed);
  }
}

/** The names below a path, for the shell; none where no server answers. */
export async function childrenForShell(
  path: string,
  servers: string | undefined,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    const flags = { timeoutMs: COMPLETION_LIMIT_MS, ...(servers === undefined ? {} : { servers }) };
    await using client = await openClient(flags, process.env, signal);
    return (await client.getChildren(path, { signal })).children;
  } catch {
    return [];
  }
}

async function written(text: string | Uint8Array, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

function tellError(command: string, error: unknown, asJson: boolean): void {
  const code = error instanceof ZkError || error instanceof ZookeeperError ? error.code : codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const next = nextStep(code);
  if (asJson) process.stdout.write(`${JSON.stringify({ error: { code, message, next } })}\n`);
  else {
    process.stderr.write(`zk-agent zk ${command}: ${message}${message.includes(code) ? '' : ` (${code})`} ${next}\n`);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'INTERNAL';
}
