// SPDX-License-Identifier: Apache-2.0
import { ZookeeperError } from './errors.ts';

/** Where a server takes clients. The host is a name or an address. */
export interface ServerAddress {
  /** Without brackets, also for IPv6. */
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORT = 2181;

/** Reads `host:port,host,[ipv6]:port`; throws BAD_REQUEST for anything else. */
export function parseServers(text: string): readonly ServerAddress[] {
  return text.split(',').map((item) => parseServer(item.trim()));
}

function parseServer(item: string): ServerAddress {
  const match = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^\s:[\]/]+))(?::(\d{1,5}))?$/.exec(item);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? DEFAULT_PORT : Number(match[3]);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new ZookeeperError(
      'BAD_REQUEST',
      `${JSON.stringify(item)} is no server of the form host:port or [ipv6]:port`,
    );
  }
  return { host, port };
}

export function formatServer(server: ServerAddress): string {
  return server.host.includes(':') ? `[${server.host}]:${server.port}` : `${server.host}:${server.port}`;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/** A server, and the one address of its name that is meant; without one, all of them. */
export interface ServerTarget {
  readonly server: ServerAddress;
  readonly address?: string;
}

/**
 * Goes round the servers in a random order, which spreads clients over them. Those of the own zone come first. Those of
 * the config, if that is followed, come before those that were given. The first round has no pauses. Before each
 * further attempt there is a random pause, which grows with the rounds.
 */
export class ServerRound {
  readonly #given: readonly ServerAddress[];
  readonly #random: () => number;
  readonly #isOwnZone: (server: ServerAddress) => boolean;
  #listed: readonly ServerAddress[];
  /** One after the other. In each, the next time begins with the server behind the one that was tried last. */
  #tiers: { readonly servers: readonly ServerAddress[]; at: number }[];
  #attempts = 0;
  #preferred: ServerTarget | undefined;

  constructor(
    servers: readonly ServerAddress[],
    random: () => number = Math.random,
    isOwnZone: (server: ServerAddress) => boolean = () => false,
  ) {
    if (servers.length === 0) throw new ZookeeperError('BAD_REQUEST', 'the list of servers is empty');
    this.#random = random;
    this.#isOwnZone = isOwnZone;
    this.#given = shuffled(servers, random);
    this.#listed = this.#given;
    this.#tiers = this.#tiersOf(this.#given, []);
  }

  get size(): number {
    return this.#tiers.reduce((sum, { servers }) => sum + servers.length, 0);
  }

  get all(): readonly ServerAddress[] {
    return this.#tiers.flatMap(({ servers }) => servers);
  }

  /** Those of the config, if that is followed and known; otherwise those that were given. */
  get listed(): readonly ServerAddress[] {
    return this.#listed;
  }

  /**
   * These are tried first from now on, and those that were given only after all of them. Tells whether others are
   * listed now.
   */
  follow(servers: readonly ServerAddress[]): boolean {
    if (servers.length === 0) return false;
    const names = new Set(servers.map(formatServer));
    const rest = this.#given.filter((server) => !names.has(formatServer(server)));
    const before = new Set(this.#listed.map(formatServer));
    const listed = shuffled(servers, this.#random);
    this.#tiers = this.#tiersOf(listed, rest);
    this.#listed = listed;
    return names.size !== before.size || [...names].some((name) => !before.has(name));
  }

  /** The next attempt goes to this one. */
  prefer(target: ServerTarget): void {
    this.#preferred = target;
  }

  /** How long to wait before the call of `next`. */
  pauseMs(random: () => number = Math.random): number {
    if (this.#preferred !== undefined) return 0;
    const round = Math.floor(this.#attempts / this.size);
    if (round === 0) return 0;
    return random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** round);
  }

  next(): ServerTarget {
    const target = this.#preferred ?? { server: this.#nextOf(this.#attempts % this.size) };
    this.#preferred = undefined;
    this.#attempts += 1;
    return target;
  }

  /** A connection lasted: after the next loss the first round has no pauses again. */
  rest(): void {
    this.#attempts = 0;
  }

  #nextOf(place: number): ServerAddress {
    let before = 0;
    for (const tier of this.#tiers) {
      before += tier.servers.length;
      const server = tier.servers[tier.at % tier.servers.length];
      if (place >= before || server === undefined) continue;
      tier.at += 1;
      return server;
    }
    throw new ZookeeperError('BAD_REQUEST', 'the list of servers is empty');
  }

  #tiersOf(listed: readonly ServerAddress[], rest: readonly ServerAddress[]) {
    const own = listed.filter((server) => this.#isOwnZone(server));
    const others = listed.filter((server) => !own.includes(server));
    return [own, others, rest].filter(({ length }) => length > 0).map((servers) => ({ servers, at: 0 }));
  }
}

export function shuffled<Item>(items: readonly Item[], random: () => number = Math.random): readonly Item[] {
  return items
    .map((item) => ({ item, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
