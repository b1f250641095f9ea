// SPDX-License-Identifier: Apache-2.0
import { isIP } from 'node:net';
import { ZookeeperError } from './errors.ts';
import { parseServers, type ServerAddress } from './servers.ts';

/** The zone that a client is in, and which servers are in which zone. */
export interface ZonePreference {
  /** The client's own zone. */
  readonly zone: string;
  /**
   * The servers of each zone, by name or address, with a port or without; or a function from a server to its zone. The
   * function is asked for the server's name and for each of its addresses. It must be quick, and not throw.
   */
  readonly servers: Readonly<Record<string, readonly string[]>> | ((server: ServerAddress) => string | undefined);
}

/** Tells the servers of the own zone. Throws BAD_REQUEST when the zones make no sense. */
export function ownZoneOf({ zone, servers }: ZonePreference): (server: ServerAddress) => boolean {
  if (typeof zone !== 'string' || zone === '') throw problem('the own zone has no name');
  if (typeof servers === 'function') return (server) => servers(server) === zone;
  const zones = new Map<string, string>();
  for (const [name, list] of Object.entries(servers)) {
    for (const server of list) {
      const key = keyOf(server);
      const other = zones.get(key);
      if (other !== undefined && other !== name) throw problem(`${server} is in two zones, ${other} and ${name}`);
      zones.set(key, name);
    }
  }
  if (![...zones.values()].includes(zone)) throw problem(`no server is given for the own zone, ${zone}`);
  return ({ host, port }) => {
    const name = host.toLowerCase();
    return (zones.get(`${name} ${port}`) ?? zones.get(name)) === zone;
  };
}

/** Host, and behind a space the port if there is one. */
function keyOf(server: string): string {
  if (isIP(server) !== 0) return server.toLowerCase();
  const [parsed, more] = parseServers(server);
  if (parsed === undefined || more !== undefined) throw problem(`${JSON.stringify(server)} is not one server`);
  const host = parsed.host.toLowerCase();
  return /:\d+$/.test(server) ? `${host} ${parsed.port}` : host;
}

function problem(why: string): ZookeeperError {
  return new ZookeeperError('BAD_REQUEST', `preferZone: ${why}`);
}
