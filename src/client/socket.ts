// SPDX-License-Identifier: Apache-2.0
import { connect, type OnReadOpts, type Socket } from 'node:net';
import type { ServerAddress } from './servers.ts';
import { openTlsSocket, type TlsSettings } from './tls.ts';

/**
 * After this long without a byte the kernel asks whether the other side is there. Gateways then keep the connection.
 */
const KEEPALIVE_MS = 60_000;

export interface SocketSettings {
  readonly tls?: TlsSettings;
  readonly localAddress?: string;
}

/** What arrives on a connection is read into one piece of memory of this size, over and over. */
const READ_BYTES = 64 * 1024;
/**
 * After so many full reads in a row the rest waits for the next turn of the event loop. Otherwise the runtime reads up
 * to 2 MB in one turn: some 50,000 events of watches, for which everything else in the process would wait.
 */
const FULL_READS_IN_ONE_TURN = 2;

/**
 * A socket that connects, and whose `open` is called once bytes can be sent. With `data`, that is called with what
 * arrives, instead of the event of this name. The bytes are then good only until it returns.
 */
export function openSocket(
  server: ServerAddress,
  address: string,
  settings: SocketSettings,
  open: () => void,
  data?: (chunk: Buffer) => void,
): Socket {
  const { tls, localAddress } = settings;
  if (tls !== undefined) {
    const socket = openTlsSocket(server, address, tls, localAddress);
    if (data !== undefined) socket.on('data', data);
    return socket.setKeepAlive(true, KEEPALIVE_MS).once('secureConnect', open);
  }
  const socket: Socket = connect({
    host: address,
    port: server.port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEPALIVE_MS,
    ...(data === undefined ? {} : { onread: readInto(data, () => socket.resume()) }),
    ...(localAddress === undefined ? {} : { localAddress }),
  });
  return socket.once('connect', open);
}

/** Otherwise Node takes new memory for each read, as much as the largest may need. */
function readInto(data: (chunk: Buffer) => void, resume: () => void): OnReadOpts {
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  let fullReads = 0;
  return {
    buffer,
    callback: (bytes) => {
      data(buffer.subarray(0, bytes));
      fullReads = bytes < READ_BYTES ? 0 : fullReads + 1;
      if (fullReads < FULL_READS_IN_ONE_TURN) return true;
      fullReads = 0;
      setImmediate(resume);
      return false;
    },
  };
}
