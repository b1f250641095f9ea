// SPDX-License-Identifier: Apache-2.0
import { connect, type Socket } from 'node:net';
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

/** A socket that connects, and whose `open` is called once bytes can be sent. */
export function openSocket(server: ServerAddress, address: string, settings: SocketSettings, open: () => void): Socket {
  const { tls, localAddress } = settings;
  if (tls !== undefined) {
    const socket = openTlsSocket(server, address, tls, localAddress);
    return socket.setKeepAlive(true, KEEPALIVE_MS).once('secureConnect', open);
  }
  return connect({
    host: address,
    port: server.port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEPALIVE_MS,
    ...(localAddress === undefined ? {} : { localAddress }),
  }).once('connect', open);
}
