// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { FORKS_VARIABLE } from './forks.ts';
import { installMoto, motoEnvironment, SERVE } from './moto.ts';

/**
 * Loads moto in a process that dies with this one, and names it in this process's environment: every cloud that this
 * process and its children start from now on takes a fork of it (./forks.ts).
 */
export async function startForkServer(): Promise<Disposable> {
  const python = await installMoto();
  const name = `zk-lab-moto-${randomBytes(8).toString('hex')}`;
  const child = spawn(python, ['-I', SERVE, '--forks', name], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: motoEnvironment(),
  });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the process that loads moto ended with ${code}`)));
    child.stdout.once('data', () => resolve());
  });
  child.removeAllListeners('exit');
  child.unref();
  process.env[FORKS_VARIABLE] = name;
  return {
    [Symbol.dispose]() {
      delete process.env[FORKS_VARIABLE];
      child.kill('SIGKILL');
    },
  };
}
