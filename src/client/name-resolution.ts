// SPDX-License-Identifier: Apache-2.0
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { ConnectionLostError, toError } from './errors.ts';
import type { ServerAddress } from './servers.ts';

/** All addresses of a name, IPv4 and IPv6. */
export type ResolveName = (host: string) => Promise<readonly string[]>;

interface ResolveSettings {
  readonly resolve?: ResolveName;
  readonly handshakeTimeoutMs: number;
}

/** What the server's name stands for now; an address stands for itself. Rejects when there is none within the limit. */
export async function addressesOf(
  { host }: ServerAddress,
  settings: ResolveSettings,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  const { resolve = resolveName, handshakeTimeoutMs } = settings;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(handshakeTimeoutMs)]);
  try {
    const addresses = await Promise.race([resolve(host), aborted(limit)]);
    if (addresses.length > 0) return [...new Set(addresses)];
  } catch (error) {
    signal.throwIfAborted();
    throw new ConnectionLostError(`the name ${host} is not resolved: ${toError(error).message}`, error);
  }
  throw new ConnectionLostError(`the name ${host} has no address`);
}

async function resolveName(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(signal.reason);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
