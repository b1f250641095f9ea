// SPDX-License-Identifier: Apache-2.0
/**
 * Each lab has a /16 of the loopback network, so two labs at the same time never share an address. Servers that tests
 * start by hand use blocks from 127.32 on, so they never conflict with labs.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { CLIENT_PORT, ELECTION_PORT, QUORUM_PORT } from '../../src/model/member.ts';
import { listeningAddresses } from '../zookeeper/loopback.ts';
import { mustBeFree } from './free-ports.ts';

const SERVER_PORTS = [CLIENT_PORT, QUORUM_PORT, ELECTION_PORT];
const FIRST = 16;
const LAST = 31;
/**
 * The process that holds this port of the block's first address holds the block. The kernel gives the port to one
 * process only.
 */
const LOCK_PORT = 4560;

export interface AddressBlock extends AsyncDisposable {
  /** The first two numbers, `127.16`. */
  readonly prefix: string;
  /** The address of the lab's own servers. */
  readonly ownAddress: string;
}

/**
 * Takes the first free block, beginning at a random one. It stays taken until it is disposed of or the process ends.
 * Rejects when no server could listen on its addresses.
 */
export async function takeAddressBlock(): Promise<AddressBlock> {
  const count = LAST - FIRST + 1;
  const offset = Math.floor(Math.random() * count);
  for (let attempt = 0; attempt < count; attempt++) {
    const prefix = `127.${FIRST + ((offset + attempt) % count)}`;
    const ownAddress = `${prefix}.0.1`;
    const lock = await listen(ownAddress);
    if (lock === undefined) continue;
    // A lab that was killed while a machine was paused may have left a server, which still holds its ports.
    if ((await listeningAddresses()).some((address) => address.startsWith(`${prefix}.`))) {
      lock.close();
      continue;
    }
    try {
      await mustBeFree(ownAddress, SERVER_PORTS);
    } catch (error) {
      lock.close();
      throw error;
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
