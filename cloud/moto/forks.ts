// SPDX-License-Identifier: Apache-2.0
/**
 * Starts moto as a fork of a process that has loaded it already: 20 ms instead of three seconds. The tests run many
 * clouds one after the other. They start that process once and put its name into the environment. A cloud that does not
 * find it there starts moto by itself, for example one in its own network namespace.
 */
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Moto } from './running-moto.ts';

/** The name of the abstract Unix socket of the process that makes forks. */
export const FORKS_VARIABLE = 'ZK_LAB_MOTO_FORKS';

const ANSWER_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 5_000;
const POLL_MS = 5;

/** Undefined when no process makes forks. Rejects when the fork can't listen, or with the signal's reason. */
export async function askForFork(address: string, port: number, signal?: AbortSignal): Promise<Moto | undefined> {
  const name = process.env[FORKS_VARIABLE];
  if (name === undefined || !address.startsWith('127.')) return undefined;
  const connection = await connected(name);
  if (connection === undefined) return undefined;
  try {
    connection.write(`${JSON.stringify({ address, port })}\n`);
    const answer = await answerOf(connection, signal);
    // The end of the fork closes the connection. Nothing else is ever sent over it.
    connection.unref();
    return { url: `http://${address}:${answer.port}`, pid: answer.pid, close: () => endFork(connection, answer.pid) };
  } catch (error) {
    await endConnection(connection);
    throw error;
  }
}

function connected(name: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const connection = connect({ path: `\0${name}` });
    connection.once('connect', () => resolve(connection));
    connection.on('error', () => resolve(undefined));
  });
}

async function answerOf(connection: Socket, signal: AbortSignal | undefined): Promise<{ pid: number; port: number }> {
  const limit = AbortSignal.timeout(ANSWER_LIMIT_MS);
  const either = signal === undefined ? limit : AbortSignal.any([signal, limit]);
  const lines = createInterface({ input: connection });
  try {
    const line = await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve);
      lines.once('close', () => reject(new Error('moto did not start: its process ended without a word')));
      either.addEventListener('abort', () => {
        reject(signal?.aborted ? signal.reason : new Error(`moto did not answer within ${ANSWER_LIMIT_MS / 1_000} s`));
      });
    });
    const answer = JSON.parse(line) as { pid: number; port: number } | { error: string };
    if ('error' in answer) throw new Error(`moto did not start: ${answer.error}`);
    return answer;
  } finally {
    lines.close();
  }
}

/** Ends the fork and returns once it is gone. Can be called again. */
async function endFork(connection: Socket, pid: number): Promise<void> {
  if (connection.closed) return;
  await endConnection(connection);
  // An ending process closes its connections a moment before it is gone.
  const endMs = performance.now() + STOP_LIMIT_MS;
  while (isThere(pid)) {
    if (performance.now() > endMs) throw new Error(`moto (process ${pid}) is still there after it was told to end`);
    await sleep(POLL_MS);
  }
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function endConnection(connection: Socket): Promise<void> {
  if (connection.closed) return;
  connection.ref();
  const gone = new Promise<void>((resolve, reject) => {
    connection.once('close', () => resolve());
    connection.setTimeout(STOP_LIMIT_MS, () => {
      connection.destroy();
      reject(new Error(`moto is still there ${STOP_LIMIT_MS / 1_000} s after it was told to end`));
    });
  });
  connection.resume();
  connection.end();
  await gone;
}
