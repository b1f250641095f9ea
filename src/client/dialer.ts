// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from './connection.ts';
import { AuthFailedError, SessionExpiredError, TlsFailedError, toError, ZookeeperError } from './errors.ts';
import { addressesOf } from './name-resolution.ts';
import { type ServerRound, type ServerTarget, shuffled } from './servers.ts';
import type { SessionSettings } from './session-settings.ts';
import type { SessionState } from './session-state.ts';

/** What an address of several gets at least, if one alone would get more. */
const LEAST_HANDSHAKE_MS = 1_000;

/** Gets connections for a session: tries one server after the other, and every address of each. */
export class Dialer {
  readonly #round: ServerRound;
  readonly #session: SessionState;
  readonly #settings: SessionSettings;
  readonly #stop: AbortSignal;
  readonly #onConnected: (connection: Connection, resumed: boolean) => void;

  /** `stop` ends every attempt. `onConnected` is called before anything else can happen to the connection. */
  constructor(
    round: ServerRound,
    session: SessionState,
    settings: SessionSettings,
    stop: AbortSignal,
    onConnected: (connection: Connection, resumed: boolean) => void,
  ) {
    this.#round = round;
    this.#session = session;
    this.#settings = settings;
    this.#stop = stop;
    this.#onConnected = onConnected;
  }

  /**
   * Tries one server after the other; with a limit of zero, each of them once. Rejects when the session has expired,
   * the limit is reached or the client is closed.
   */
  async dial(limitMs: number): Promise<Connection> {
    const stop = this.#stop;
    const limit = limitMs === 0 ? undefined : AbortSignal.timeout(limitMs);
    const signal = limit === undefined ? stop : AbortSignal.any([stop, limit]);
    let lastError: unknown;
    let distrusts = 0;
    for (let attempt = 1; ; attempt++) {
      try {
        await sleep(this.#round.pauseMs(), undefined, { signal });
        const idBefore = this.#session.id;
        const connection = await this.#open(this.#round.next(), signal);
        // The client may have ended between the server's answer and this line.
        if (stop.aborted) connection.drop(toError(stop.reason));
        stop.throwIfAborted();
        this.#onConnected(connection, idBefore === this.#session.id);
        return connection;
      } catch (error) {
        if (isLast(error)) throw error;
        if (stop.aborted) throw stop.reason;
        if (limit?.aborted === true) throw noServer(`within ${limitMs} ms`, lastError ?? error);
        if (error instanceof TlsFailedError) distrusts += 1;
        // Of the first connection it is told at once; later, certificates may just be on their way to all servers.
        if (this.#session.id === 0n && distrusts === attempt && attempt >= this.#round.size) throw error;
        if (limit === undefined && attempt >= this.#round.size) throw noServer('at the first attempt', error);
        lastError = error;
      }
    }
  }

  /** Tries every address of the server's name, those of the own zone first. */
  async #open({ server, address: only }: ServerTarget, signal: AbortSignal): Promise<Connection> {
    const { shuffle, isOwnZone } = this.#settings;
    const found = only === undefined ? await addressesOf(server, this.#settings, signal) : [only];
    const addresses = shuffle === false ? found : shuffled(found);
    const own = addresses.filter((address) => isOwnZone?.({ host: address, port: server.port }) === true);
    const settings = { ...this.#settings, handshakeTimeoutMs: handshakeTimeoutMsOf(this.#settings, found.length) };
    let lastError: unknown;
    for (const address of new Set([...own, ...addresses])) {
      try {
        return await Connection.open(server, address, this.#session, settings, signal);
      } catch (error) {
        if (isLast(error) || signal.aborted) throw error;
        lastError = error;
      }
    }
    throw lastError;
  }
}

/** An address that is gone is silent: with the whole limit for each, a session would not outlive a few of them. */
function handshakeTimeoutMsOf(settings: SessionSettings, addresses: number): number {
  const { handshakeTimeoutMs, sharesHandshakeTimeout } = settings;
  if (sharesHandshakeTimeout !== true) return handshakeTimeoutMs;
  return Math.min(handshakeTimeoutMs, Math.max(LEAST_HANDSHAKE_MS, Math.ceil(handshakeTimeoutMs / addresses)));
}

/** No other server would say anything else. */
function isLast(error: unknown): boolean {
  return error instanceof SessionExpiredError || error instanceof AuthFailedError;
}

function noServer(when: string, cause: unknown): ZookeeperError {
  return new ZookeeperError('NO_SERVER', `no server gave a connection ${when}; last: ${toError(cause).message}`, cause);
}
