// SPDX-License-Identifier: Apache-2.0
/**
 * Each lab has a /16 of the loopback network, so that two labs side by side never share an address. Servers started by
 * hand in tests use blocks from 127.32 on: the two never meet.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { listeningAddresses } from '../zookeeper/loopback.ts';

const FIRST = 16;
const LAST = 31;
/** Holding this port of the block's first address is holding the block: the kernel gives it to one process only. */
const LOCK_PORT = 4560;

export interface AddressBlock extends AsyncDisposable {
  /** First two numbers, `127.16`. */
  readonly prefix: string;
  /** Where the lab's own servers listen. */
  readonly ownAddress: string;
}

/** Takes the first free block, beginning at a random one; it stays taken until it is disposed of or the process ends. */
export async function takeAddressBlock(): Promise<AddressBlock> {
  const count = LAST - FIRST + 1;
  const offset = Math.floor(Math.random() * count);
  for (let attempt = 0; attempt < count; attempt++) {
    const prefix = `127.${FIRST + ((offset + attempt) % count)}`;
    const ownAddress = `${prefix}.0.1`;
    const lock = await listen(ownAddress);
    if (lock === undefined) continue;
    // A lab that was killed while a machine was paused may have left a server behind that still holds its ports.
    if ((await listeningAddresses()).some((address) => address.startsWith(`${prefix}.`))) {
      lock.close();
      continue;
    }
    return {
      prefix,
      ownAddress,
      [Symbol.asyncDispose]: async () => {
        const closed = once(lock, 'close');
        lock.close();
        await closed;
      },
    };
  }
  throw new Error(`All ${count} address blocks of labs are taken; end a lab with ./lab.sh down --name NAME.`);
}

async function listen(host: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  try {
    server.listen({ host, port: LOCK_PORT, exclusive: true });
    await once(server, 'listening');
    return server;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
}
