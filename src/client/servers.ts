// SPDX-License-Identifier: Apache-2.0
import { ZookeeperError } from './errors.ts';

export interface ServerAddress {
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

/**
 * Goes round the servers in a random order, which spreads clients over them. Those of the config, if that is followed,
 * come before those that were given. The first round has no pauses. Before each further attempt there is a random pause,
 * which grows with the rounds.
 */
export class ServerRound {
  readonly #given: readonly ServerAddress[];
  readonly #random: () => number;
  #first: readonly ServerAddress[];
  #rest: readonly ServerAddress[] = [];
  #at = 0;
  #attempts = 0;
  #preferred: ServerAddress | undefined;

  constructor(servers: readonly ServerAddress[], random: () => number = Math.random) {
    if (servers.length === 0) throw new ZookeeperError('BAD_REQUEST', 'the list of servers is empty');
    this.#random = random;
    this.#given = shuffled(servers, random);
    this.#first = this.#given;
  }

  get size(): number {
    return this.#first.length + this.#rest.length;
  }

  get all(): readonly ServerAddress[] {
    return [...this.#first, ...this.#rest];
  }

  /** These are tried first from now on, and those that were given only after all of them. */
  follow(servers: readonly ServerAddress[]): void {
    if (servers.length === 0) return;
    const names = new Set(servers.map(formatServer));
    this.#first = shuffled(servers, this.#random);
    this.#rest = this.#given.filter((server) => !names.has(formatServer(server)));
    this.#at = 0;
  }

  /** The next attempt goes to this one. */
  prefer(server: ServerAddress): void {
    this.#preferred = server;
  }

  /** How long to wait before the call of `next`. */
  pauseMs(random: () => number = Math.random): number {
    if (this.#preferred !== undefined) return 0;
    const round = Math.floor(this.#attempts / this.size);
    if (round === 0) return 0;
    return random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** round);
  }

  next(): ServerAddress {
    const place = this.#attempts % this.size;
    const server = this.#preferred ?? this.#rest[place - this.#first.length] ?? this.#ofFirst();
    this.#preferred = undefined;
    this.#attempts += 1;
    return server;
  }

  /** A connection lasted: after the next loss the first round has no pauses again. */
  rest(): void {
    this.#attempts = 0;
  }

  #ofFirst(): ServerAddress {
    const server = this.#first[this.#at % this.#first.length];
    if (server === undefined) throw new ZookeeperError('BAD_REQUEST', 'the list of servers is empty');
    this.#at += 1;
    return server;
  }
}

export function shuffled<Item>(items: readonly Item[], random: () => number = Math.random): readonly Item[] {
  return items
    .map((item) => ({ item, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
