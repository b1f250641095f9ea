// SPDX-License-Identifier: Apache-2.0
import { isIP, type Socket } from 'node:net';
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { TlsFailedError, toError, ZookeeperError } from './errors.ts';
import type { ServerAddress } from './servers.ts';

type Pem = string | Uint8Array;

/** How to reach the servers' `secureClientPort`. Everything is PEM text. */
export interface TlsOptions {
  /** The authorities that vouch for the servers; without them, those that Node knows. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** The certificate of the client, with those between it and its authority behind it. It goes with `key`. */
  readonly cert?: string | Uint8Array;
  /** The private key of `cert`. */
  readonly key?: string | Uint8Array;
  /** Opens the key. */
  readonly passphrase?: string;
  /** The name that stands in the servers' certificates, instead of the one in `servers`. */
  readonly servername?: string;
}

export interface TlsSettings {
  readonly secureContext: SecureContext;
  readonly servername?: string;
}

/** Reads the certificates and the key; throws BAD_REQUEST when they can't be read, or do not belong together. */
export function tlsSettingsOf({ ca, cert, key, passphrase, servername }: TlsOptions): TlsSettings {
  if ((cert === undefined) !== (key === undefined)) {
    throw new ZookeeperError('BAD_REQUEST', 'tls: a certificate and its key go together, only one of them is given');
  }
  try {
    const secureContext = createSecureContext({
      ...(ca === undefined ? {} : { ca: (Array.isArray(ca) ? ca : [ca]).map(pem) }),
      ...(cert === undefined || key === undefined ? {} : { cert: pem(cert), key: pem(key) }),
      ...(passphrase === undefined ? {} : { passphrase }),
    });
    return { secureContext, ...(servername === undefined ? {} : { servername }) };
  } catch (error) {
    throw new ZookeeperError('BAD_REQUEST', `tls: the certificates can't be used: ${toError(error).message}`, error);
  }
}

/** A certificate for an address, not for a name, is asked for when the server is given by its address. */
export function openTlsSocket(
  server: ServerAddress,
  address: string,
  tls: TlsSettings,
  localAddress: string | undefined,
): TLSSocket {
  const name = tls.servername ?? server.host;
  return connect({
    host: address,
    port: server.port,
    secureContext: tls.secureContext,
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(localAddress === undefined ? {} : { localAddress }),
  }).setNoDelay(true);
}

/** An error that says that one side does not accept the other. Undefined for a lost connection. */
export function tlsFailureOf(socket: Socket, server: string, error: Error): TlsFailedError | undefined {
  const code = 'code' in error ? String(error.code) : '';
  const distrusted = 'authorizationError' in socket && socket.authorizationError != null;
  if (!distrusted && !/^(?:ERR_SSL_|ERR_TLS_|EPROTO$)/.test(code)) return undefined;
  const what = distrusted ? 'the certificate of the server is not accepted' : 'the server refused TLS, or this client';
  return new TlsFailedError(`${server}: ${what}: ${error.message} (${code})`, error);
}

function pem(value: Pem): string | Buffer {
  return typeof value === 'string' ? value : Buffer.from(value);
}
