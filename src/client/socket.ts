// SPDX-License-Identifier: Apache-2.0
import { connect, type Socket } from 'node:net';
import type { ServerAddress } from './servers.ts';
import { openTlsSocket, type TlsSettings } from './tls.ts';

export interface SocketSettings {
  readonly tls?: TlsSettings;
  readonly localAddress?: string;
}

/** A socket that connects, and whose `open` is called once bytes can be sent. */
export function openSocket(server: ServerAddress, address: string, settings: SocketSettings, open: () => void): Socket {
  const { tls, localAddress } = settings;
  if (tls !== undefined) return openTlsSocket(server, address, tls, localAddress).once('secureConnect', open);
  return connect({
    host: address,
    port: server.port,
    noDelay: true,
    ...(localAddress === undefined ? {} : { localAddress }),
  }).once('connect', open);
}
