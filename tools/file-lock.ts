// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Waits for the lock on this file. Holds it until disposed of, or until this process ends. The lock is the kernel's
 * flock(2), held by the program `flock`. That program reads its input to the end, and the input ends when this process
 * closes it or dies.
 */
export async function holdLock(path: string, signal?: AbortSignal): Promise<AsyncDisposable> {
  const child = spawn('flock', [path, 'sh', '-c', 'echo held; cat >/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(signal === undefined ? {} : { signal }),
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await untilHeld(child);
  return {
    [Symbol.asyncDispose]: async () => {
      child.stdin?.end();
      await ended;
    },
  };
}

function untilHeld(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`flock ended with ${code}.`)));
    child.stdout?.once('data', () => resolve());
  });
}
