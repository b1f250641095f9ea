// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { FORKS_VARIABLE } from './forks.ts';
import { firstWord, installMoto, motoEnvironment, SERVE } from './moto.ts';

/**
 * Loads moto in a process that dies with this one, and puts its name into this process's environment. Every cloud that
 * this process and its children start from now on uses a fork of it (./forks.ts). Rejects when it can't load, or with
 * the signal's reason.
 */
export async function startForkServer(signal?: AbortSignal): Promise<Disposable> {
  const python = await installMoto(signal === undefined ? {} : { signal });
  const name = `zk-lab-moto-${randomBytes(8).toString('hex')}`;
  const child = spawn(python, ['-I', SERVE, '--forks', name], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: motoEnvironment(),
  });
  try {
    await firstWord(child, signal);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  process.env[FORKS_VARIABLE] = name;
  return {
    [Symbol.dispose]() {
      delete process.env[FORKS_VARIABLE];
      child.kill('SIGKILL');
    },
  };
}
