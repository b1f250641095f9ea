// SPDX-License-Identifier: Apache-2.0
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Progress, pythonEnvironment } from '../../tools/python-environment.ts';
import { isOwnAddress } from '../own-address.ts';
import { DEBIAN_IMAGES_ENVIRONMENT } from './debian-images.ts';
import { askForFork } from './forks.ts';
import type { Moto } from './running-moto.ts';

const MOTO_VERSION = '5.2.5';

const CACHE = fileURLToPath(new URL('../../.cache', import.meta.url));
/** EC2 refuses things that do not exist. Moto does so only with these variables. */
const CHECKS = {
  MOTO_ENABLE_AMI_VALIDATION: 'true',
  MOTO_ENABLE_KEYPAIR_VALIDATION: 'true',
  MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION: 'true',
};

/** With this in its environment, moto gives the address of a terminated instance to the next one in its subnet. */
export const REUSED_ADDRESSES = { LAB_REUSES_ADDRESSES: 'yes' } as const;

export const SERVE = fileURLToPath(new URL('serve.py', import.meta.url));

export function motoEnvironment(): Record<string, string> {
  return { PATH: process.env.PATH ?? '', ...CHECKS };
}

/** A fork has the variables with which its parent was loaded. So a moto that needs other ones is started by itself. */
function isPlain({ environment = {} }: MotoOptions): boolean {
  return ![...Object.keys(REUSED_ADDRESSES), ...Object.keys(DEBIAN_IMAGES_ENVIRONMENT)].some(
    (key) => key in environment,
  );
}

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 5_000;

interface MotoOptions {
  /** A loopback address, or one of a lab's own network; never a wildcard. */
  readonly address: string;
  /** A free port when left out. */
  readonly port?: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** Added to moto's environment, so that its owner can find the process. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The directory of moto's virtual environment, which contains botocore's API models. */
export function motoDirectory(): string {
  return join(CACHE, `moto-${MOTO_VERSION}`);
}

/** Makes moto's virtual environment; quick when it exists. Returns the path of its Python. */
export function installMoto(options: { progress?: Progress; signal?: AbortSignal } = {}): Promise<string> {
  const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));
  return pythonEnvironment({ directory: motoDirectory(), requirements, ...options });
}

/**
 * Starts moto's server on a loopback address and waits until it answers, with EC2, Logs, S3 and IAM loaded. It dies
 * with the process that started it.
 */
export async function startMoto(options: MotoOptions): Promise<Moto> {
  const { address, signal } = options;
  if (!isOwnAddress(address)) {
    throw new Error(`moto listens on loopback or a lab's own network only, not on ${address}`);
  }
  signal?.throwIfAborted();
  const python = await installMoto(options);
  const forked = isPlain(options) ? await askForFork(address, options.port ?? 0, signal) : undefined;
  if (forked) return forked;
  const child = spawn(python, ['-I', SERVE, address, String(options.port ?? 0)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...motoEnvironment(), ...options.environment },
  });
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
  try {
    const port = Number(await firstWord(child, signal));
    return { url: `http://${address}:${port}`, pid: child.pid ?? 0, close: () => stop(child, ended) };
  } catch (error) {
    await stop(child, ended);
    throw error;
  }
}

type MotoProcess = ChildProcessByStdio<null, Readable, Readable>;

/** The first line that the process prints, once it answers. At the limit, rejects with its standard error. */
export function firstWord(child: MotoProcess, signal: AbortSignal | undefined): Promise<string> {
  const limit = AbortSignal.timeout(START_LIMIT_MS);
  const either = signal === undefined ? limit : AbortSignal.any([signal, limit]);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4_000);
  });
  return new Promise((resolve, reject) => {
    const failed = (why: string): void => reject(new Error(`moto did not start: ${why}`));
    either.addEventListener('abort', () => {
      if (signal?.aborted) reject(signal.reason);
      else failed(`it did not answer within ${START_LIMIT_MS / 1_000} s. ${said}`);
    });
    child.once('error', (error) => failed(error.message));
    child.once('close', (code) => failed(`it ended with ${code}. ${said}`));
    child.stdout.setEncoding('utf8').once('data', (text: string) => resolve(text.trim()));
  });
}

async function stop(child: MotoProcess, ended: Promise<void>): Promise<void> {
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
