// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from './connection.ts';
import { ConnectionLostError } from './errors.ts';
import { addressesOf } from './name-resolution.ts';
import { reportOf } from './server-report.ts';
import { formatServer, type ServerAddress, type ServerRound } from './servers.ts';
import type { SessionSettings } from './session-settings.ts';
import { decideMove, LOOKS, MAX_WAITS, pauseBeforeLookMs, type SeenServer } from './spread.ts';

/** A connection whose requests take longer than this to be answered is left alone until the next look. */
const LEAVE_LIMIT_MS = 5_000;
/** Servers that are asked in one look. */
const MAX_ASKED = 50;

interface Place {
  readonly server: ServerAddress;
  readonly address: string;
}

/** Looks at the servers after a disturbance, and moves the session by the rule of `decideMove`. */
export class Mover {
  readonly #round: ServerRound;
  readonly #settings: SessionSettings;
  readonly #lastZxid: () => bigint;
  readonly #random: () => number;
  #looksLeft = 0;
  #waits = 0;
  /** Those that did not serve at the last look, by their keys. */
  #down: ReadonlySet<string> = new Set();
  #lost: string | undefined;
  #doAllLook = false;
  #ownCause: Error | undefined;
  #wake: () => void = () => {};

  constructor(
    round: ServerRound,
    settings: SessionSettings,
    lastZxid: () => bigint,
    random: () => number = Math.random,
  ) {
    this.#round = round;
    this.#settings = settings;
    this.#lastZxid = lastZxid;
    this.#random = random;
  }

  /** A connection is lost. That is a disturbance, except when this has ended it. */
  lost(connection: Connection, cause: Error): void {
    if (cause === this.#ownCause) return;
    this.#lost = keyOf(connection.place);
    this.#disturbed(false);
  }

  /** The list of servers has changed, for all clients. */
  listChanged(): void {
    this.#disturbed(true);
  }

  #disturbed(doAllLook: boolean): void {
    if (!this.#spreads) return;
    this.#doAllLook = doAllLook;
    this.#looksLeft = LOOKS;
    this.#waits = 0;
    this.#wake();
  }

  /** Looks and moves while the connection lasts. Never rejects. */
  async follow(connection: Connection): Promise<void> {
    const gone = new AbortController();
    void connection.lost.then((cause) => gone.abort(cause));
    const { signal } = gone;
    try {
      while (!signal.aborted) {
        if (!this.#hasToLook(connection)) await this.#untilDisturbed(signal);
        const pauseMs = pauseBeforeLookMs(this.#waits, this.#random) * (this.#settings.movePace ?? 1);
        await sleep(pauseMs, undefined, { signal });
        await this.#look(connection, signal);
      }
    } catch {
      // The connection is lost. The next one is followed anew.
    }
  }

  get #spreads(): boolean {
    return this.#settings.shuffle !== false;
  }

  #hasToLook({ place }: Connection): boolean {
    const isAway = this.#settings.isOwnZone !== undefined && !this.#isOwnZone(place);
    if (!this.#spreads) return isAway;
    return isAway || this.#looksLeft > 0 || (this.#down.size > 0 && this.#waits < MAX_WAITS);
  }

  #untilDisturbed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#wake = resolve;
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }

  async #look(connection: Connection, signal: AbortSignal): Promise<void> {
    const here = keyOf(connection.place);
    const places = await this.#places(signal);
    places.set(here, connection.place);
    if (places.size === 1) return this.#rest();
    if (this.#looksLeft === 0) {
      const missing = [...places].filter(([key, place]) => this.#isMissing(key, place, connection));
      const seen = await this.#ask(new Map(missing), signal);
      this.#waits += 1;
      if (!seen.some(({ serves }) => serves)) return;
      this.#looksLeft = LOOKS;
    }
    this.#looksLeft -= 1;
    const seen = await this.#ask(places, signal);
    this.#down = new Set(seen.filter(({ serves }) => !serves).map(({ target }) => target));
    const own = seen.find(({ target }) => target === here);
    // Without a word of its own server, nothing is known of the difference.
    if (own?.serves !== true) return;
    const others = seen.filter(({ target }) => target !== here);
    const { moveTo, isEven } = decideMove(own, others, { lost: this.#lost, doAllLook: this.#doAllLook }, this.#random);
    if (isEven) this.#looksLeft = 0;
    else this.#waits = 0;
    const target = moveTo === undefined ? undefined : places.get(moveTo);
    if (target === undefined || (!this.#spreads && !this.#isOwnZone(target))) return;
    this.#lost = undefined;
    this.#doAllLook = true;
    this.#ownCause = new ConnectionLostError(`left ${connection.server} for ${moveTo}`);
    await connection.leave(this.#ownCause, LEAVE_LIMIT_MS, () => this.#round.prefer(target));
  }

  /** There is nowhere to go. */
  #rest(): void {
    this.#looksLeft = 0;
    this.#down = new Set();
    this.#waits += 1;
  }

  /** What a client still waits for once it does not look at all of them any more. */
  #isMissing(key: string, place: Place, connection: Connection): boolean {
    if (this.#down.has(key)) return true;
    return this.#isOwnZone(place) && !this.#isOwnZone(connection.place);
  }

  async #ask(places: ReadonlyMap<string, Place>, signal: AbortSignal): Promise<readonly SeenServer<string>[]> {
    return await Promise.all(
      [...places].map(async ([key, place]) => ({
        target: key,
        isOwnZone: this.#isOwnZone(place),
        ...(await reportOf(place.server, place.address, this.#lastZxid(), this.#settings, signal)),
      })),
    );
  }

  /** Every address of every server that is listed, as far as its name is resolved. */
  async #places(signal: AbortSignal): Promise<Map<string, Place>> {
    const found = await Promise.all(
      this.#round.listed.map(async (server) => {
        const addresses = await addressesOf(server, this.#settings, signal).catch(() => []);
        return addresses.map((address) => ({ server, address }));
      }),
    );
    return new Map(
      found
        .flat()
        .slice(0, MAX_ASKED)
        .map((place) => [keyOf(place), place]),
    );
  }

  #isOwnZone({ server, address }: Place): boolean {
    const { isOwnZone } = this.#settings;
    return isOwnZone?.(server) === true || isOwnZone?.({ host: address, port: server.port }) === true;
  }
}

function keyOf({ server, address }: Place): string {
  return formatServer({ host: address, port: server.port });
}
