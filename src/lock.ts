// SPDX-License-Identifier: Apache-2.0
/**
 * Only one run of the agent at a time on a node. The lock is a Unix socket in Linux's abstract namespace. The kernel
 * gives a name to one process only, and takes it back when that process ends, however it ends. No lock can be stale.
 */
import type { Server } from 'node:net';

export interface RunLock {
  release(): void;
}

/** The address of a Unix socket has 108 bytes. Long paths differ most likely at their ends, so the end is kept. */
const NAME_LENGTH = 90;

/** Undefined when another run holds the lock. `name` is the setting LOCK_FILE. */
export async function acquireLock(name: string): Promise<RunLock | undefined> {
  // Loaded only when it is needed: a healthy tick takes no lock, and ends before this module would be loaded.
  const { createServer } = await import('node:net');
  const server: Server = createServer((socket) => socket.destroy());
  return await new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    // The lock must not keep a finished run alive.
    server
      .listen(`\0zk-agent:${encodeURIComponent(name).slice(-NAME_LENGTH)}`, () =>
        resolve({ release: () => void server.close() }),
      )
      .unref();
  });
}
