// SPDX-License-Identifier: Apache-2.0
/**
 * One run of the agent on a node at a time. The lock is a Unix socket in Linux's abstract namespace: the kernel gives a
 * name to one process only and takes it back when that process ends, however it ends, so a lock can never be stale.
 */
import type { Server } from 'node:net';

export interface Lock {
  release(): void;
}

/** An address of a Unix socket has 108 bytes; the end of a path is what tells two of them apart. */
const NAME_LENGTH = 90;

/** Undefined when another run holds the lock. `name` is the setting LOCK_FILE. */
export async function acquireLock(name: string): Promise<Lock | undefined> {
  // Not before it is needed: a healthy tick takes no lock, and ends sooner than this is loaded.
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
