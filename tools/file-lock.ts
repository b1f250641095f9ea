// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Waits for the lock on this file and holds it until disposed of, or until this process is gone. The kernel's flock(2)
 * by its program: it reads its input to the end, which comes when this process closes it or dies.
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
