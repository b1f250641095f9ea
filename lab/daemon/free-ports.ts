// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Rejects when a port is taken on an address that nobody of the lab uses: then another program listens on every address
 * of the machine, and no server of any lab could start.
 */
export async function mustBeFree(host: string, ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    const server = createServer();
    try {
      server.listen({ host, port, exclusive: true });
      await once(server, 'listening');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      throw new Error(
        `Another program has port ${port} on every address of this machine, so no server of the lab can start. Find it with "ss -ltnp sport = :${port}", end it, and try again.`,
        { cause: error },
      );
    }
    const closed = once(server, 'close');
    server.close();
    await closed;
  }
}
