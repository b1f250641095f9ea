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
  return connect({
    host: address,
    port: server.port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEPALIVE_MS,
    ...(data === undefined ? {} : { onread: readInto(Buffer.allocUnsafeSlow(READ_BYTES), data) }),
    ...(localAddress === undefined ? {} : { localAddress }),
  }).once('connect', open);
}

/** Otherwise Node takes new memory for each read, as much as the largest may need. */
function readInto(buffer: Buffer, data: (chunk: Buffer) => void): OnReadOpts {
  return {
    buffer,
    callback: (bytes) => {
      data(buffer.subarray(0, bytes));
      return true;
    },
  };
}
