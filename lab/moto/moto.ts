import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Progress, pythonEnvironment } from '../python.ts';

export const MOTO_VERSION = '5.2.5';

const CACHE = fileURLToPath(new URL('../../.cache', import.meta.url));
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 5_000;

export interface Moto {
  readonly url: string;
  readonly pid: number;
  /** Ends the process and returns once it is gone. Can be called again. */
  close(): Promise<void>;
}

export interface MotoOptions {
  /** A loopback address; never a wildcard. */
  readonly address: string;
  /** A free one is taken when it is left out. */
  readonly port?: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** Added to moto's environment, so that its owner can find the process. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The directory of moto's virtual environment, with botocore's API models in it. */
export function motoDirectory(): string {
  return join(CACHE, `moto-${MOTO_VERSION}`);
}

/** Makes moto's virtual environment; quick when it is there. Returns the path of its Python. */
export function installMoto(options: { progress?: Progress; signal?: AbortSignal } = {}): Promise<string> {
  const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));
  return pythonEnvironment({ directory: motoDirectory(), requirements, ...options });
}

/**
 * Starts moto's server on a loopback address and waits until it answers, with EC2, Logs, S3 and IAM loaded. It dies
 * with the process that started it.
 */
export async function startMoto(options: MotoOptions): Promise<Moto> {
  if (!/^127\./.test(options.address)) throw new Error(`moto listens on 127.x addresses only, not ${options.address}`);
  const python = await installMoto(options);
  const port = options.port ?? (await freePort(options.address));
  const script = fileURLToPath(new URL('serve.py', import.meta.url));
  const child = spawn(python, ['-I', script, options.address, String(port)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH ?? '', ...options.environment, MOTO_PORT: String(port) },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4_000);
  });
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      said += error.message;
      resolve();
    });
    child.once('exit', () => resolve());
  });
  const url = `http://${options.address}:${port}`;
  try {
    await waitUntilItAnswers(url, child, () => said, options.signal);
  } catch (error) {
    await stop(child, ended);
    throw error;
  }
  return { url, pid: child.pid ?? 0, close: () => stop(child, ended) };
}

async function waitUntilItAnswers(
  url: string,
  child: ChildProcess,
  said: () => string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const limitAt = Date.now() + START_LIMIT_MS;
  for (;;) {
    signal?.throwIfAborted();
    if (child.exitCode !== null || child.pid === undefined) throw new Error(`moto did not start: ${said()}`);
    if (Date.now() > limitAt) throw new Error(`moto did not answer at ${url} within ${START_LIMIT_MS / 1_000} s`);
    try {
      const answer = await fetch(`${url}/moto-api/`, { signal: AbortSignal.timeout(2_000) });
      await answer.arrayBuffer();
      if (answer.ok) return;
    } catch {
      // Not listening yet.
    }
    await sleep(30, undefined, signal ? { signal } : {});
  }
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  // Its state is in memory only, so there is nothing to save.
  child.kill('SIGKILL');
  const limit = new AbortController();
  const late = sleep(STOP_LIMIT_MS, undefined, { signal: limit.signal }).then(() => {
    throw new Error(`moto (process ${child.pid}) is still there ${STOP_LIMIT_MS / 1_000} s after it was killed`);
  });
  try {
    await Promise.race([ended, late]);
  } finally {
    limit.abort();
    late.catch(() => {});
  }
}

function freePort(address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, address, () => {
      const bound = server.address();
      server.close(() => {
        if (bound !== null && typeof bound === 'object') resolve(bound.port);
        else reject(new Error(`no free port on ${address}`));
      });
    });
  });
}
