// SPDX-License-Identifier: Apache-2.0
import { ConfigFollower } from './config-follower.ts';
import type { Connection } from './connection.ts';
import { ADD_AUTH, KeptCredential, SessionCredentials } from './credentials.ts';
import { Dialer } from './dialer.ts';
import {
  ClientClosedError,
  ConnectionLostError,
  ServerError,
  SessionExpiredError,
  toError,
  ZookeeperError,
} from './errors.ts';
import { fullServer } from './full-server.ts';
import { limitProblem } from './limit.ts';
import { Mover } from './mover.ts';
import type { Operation } from './operation.ts';
import type { Credential } from './operations/auth.ts';
import { closeSession } from './operations/close-session.ts';
import { CONFIG_PATH, getConfigWatched } from './operations/get-config.ts';
import { maxWatchedBytes } from './rearming.ts';
import { type CallOptions, Request, timeoutError } from './request.ts';
import { RequestList } from './request-list.ts';
import { type ServerAddress, ServerRound } from './servers.ts';
import { SessionProof } from './session-proof.ts';
import type { SessionSettings } from './session-settings.ts';
import type { SessionState } from './session-state.ts';
import { StatusBoard } from './status.ts';
import { WatchTable } from './watch-table.ts';

/** A connection that lasted this long was really up. After its loss, the first round of attempts has no pauses. */
const HELD_MS = 1_000;

/**
 * One ZooKeeper session over a sequence of connections. A request that was sent is never sent again. A request that was
 * not sent waits for the next connection.
 *
 * The session ends in four cases: the servers expire it, it is closed, no server is reached within the limit, or a
 * server refuses a credential that was accepted before.
 */
export class ZookeeperSession {
  readonly status = new StatusBoard();
  readonly proof = new SessionProof();
  readonly #settings: SessionSettings;
  readonly #round: ServerRound;
  readonly #dialer: Dialer;
  readonly #mover: Mover;
  readonly #follower: ConfigFollower | undefined;
  readonly #state: SessionState = {
    id: 0n,
    isKnownToAll: false,
    password: new Uint8Array(16),
    proof: this.proof,
    lastZxid: 0n,
    watchedZxid: 0n,
    watches: new WatchTable(),
    credentials: new SessionCredentials(),
    queue: new RequestList(),
    onConfig: () => void this.#follower?.read(),
  };
  readonly #stop = new AbortController();
  readonly #sweeper: NodeJS.Timeout;
  #connection: Connection | undefined;
  #endCause: Error | undefined;
  #starting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(servers: readonly ServerAddress[], settings: SessionSettings) {
    this.#settings = settings;
    const random = settings.shuffle === false ? () => 0 : Math.random;
    this.#round = new ServerRound(servers, random, settings.isOwnZone);
    this.#mover = new Mover(this.#round, settings, () => this.#state.lastZxid);
    this.#dialer = new Dialer(this.#round, this.#state, settings, this.#stop.signal, (connection, resumed) =>
      this.#connected(connection, resumed),
    );
    const readConfig = () => this.request(getConfigWatched, undefined, CONFIG_PATH);
    const securePort = settings.tls === undefined ? undefined : servers[0]?.port;
    if (settings.followConfig === true) {
      this.#follower = new ConfigFollower(readConfig, (list) => this.#listed(list), securePort);
    }
    this.#sweeper = setInterval(() => this.#sweep(), Math.min(250, Math.max(5, settings.requestTimeoutMs / 4)));
    this.#sweeper.unref();
  }

  get id(): bigint {
    return this.#state.id;
  }

  get password(): Uint8Array {
    return this.#state.password;
  }

  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  get watches(): WatchTable {
    return this.#state.watches;
  }

  /** The longest path that a watch may have, in bytes. */
  get maxWatchedBytes(): number {
    return maxWatchedBytes(this.#settings);
  }

  /** Resolves when the first connection is up. After that the session keeps itself connected. */
  start(signal: AbortSignal | undefined): Promise<void> {
    if (this.#starting === undefined && this.#endCause !== undefined) return Promise.reject(this.#endCause);
    this.#starting ??= this.#start(signal);
    return this.#starting;
  }

  async #start(signal: AbortSignal | undefined): Promise<void> {
    const onAbort = () => this.#stop.abort(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      signal?.throwIfAborted();
      const connection = await this.#dialer.dial(this.#settings.connectLimitMs);
      this.#live(connection).catch((error: unknown) => this.#end('closed', toError(error)));
    } catch (error) {
      this.#end('closed', toError(error));
      throw error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  request<Body, Reply>(
    operation: Operation<Body, Reply>,
    body: Body,
    path: string | undefined,
    call: CallOptions = {},
  ): Promise<Reply> {
    if (call.signal?.aborted === true) return Promise.reject(call.signal.reason);
    const refusal = this.#refusal(call);
    if (refusal !== undefined) return Promise.reject(refusal.of({ op: operation.name, path }));
    const { queue } = this.#state;
    if (queue.size >= this.#settings.maxQueued) {
      const full = new ZookeeperError('QUEUE_FULL', `${queue.size} requests wait already, which is the limit`);
      return Promise.reject(full.of({ op: operation.name, path }));
    }
    const request = new Request(operation, body, path, call);
    queue.push(request);
    this.#connection?.flushSoon();
    return request.promise;
  }

  addCredential(credential: Credential, call: CallOptions): Promise<void> {
    if (call.signal?.aborted === true) return Promise.reject(call.signal.reason);
    const refusal = this.#refusal(call);
    if (refusal !== undefined) return Promise.reject(refusal.of(ADD_AUTH));
    const { signal, timeoutMs } = call;
    const entry = new KeptCredential(credential, timeoutMs !== undefined);
    const drop = (reason: unknown) => this.#state.credentials.drop(entry, reason);
    const onAbort = () => drop(signal?.reason);
    const timer =
      timeoutMs === undefined ? undefined : setTimeout(() => drop(timeoutError(timeoutMs).of(ADD_AUTH)), timeoutMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#state.credentials.add(entry);
    this.#connection?.sendCredential(entry);
    return entry.promise.finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    });
  }

  /** Ends the session on the servers if one is connected; otherwise the session expires by itself. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const connection = this.#connection;
    if (this.#endCause !== undefined) return;
    this.#state.queue.cancelAll(new ClientClosedError('the client was closed before the request was sent'));
    if (connection !== undefined) {
      const last = new Request(closeSession, undefined, undefined, {
        signal: AbortSignal.timeout(this.#settings.closeTimeoutMs),
      });
      connection.sendLast(last);
      // Without an answer, the session expires by itself.
      await last.promise.catch(() => {});
    }
    this.#end('closed', undefined);
  }

  /** Replaces lost connections until the session ends. */
  async #live(first: Connection): Promise<void> {
    let connection = first;
    for (;;) {
      const sinceMs = performance.now();
      const cause = await connection.lost;
      this.#connection = undefined;
      if (this.#endCause !== undefined || this.#closing !== undefined) return;
      this.status.set({ kind: 'disconnected', server: connection.server, cause });
      this.#state.watches.disconnected(cause);
      this.#mover.lost(connection, cause);
      if (cause instanceof ServerError) return this.#end('closed', cause);
      if (this.#settings.reconnectLimitMs === 0) return this.#end('closed', cause);
      if (performance.now() - sinceMs >= HELD_MS) this.#round.rest();
      try {
        connection = await this.#dialer.dial(this.#settings.reconnectLimitMs);
      } catch (error) {
        return this.#end(error instanceof SessionExpiredError ? 'expired' : 'closed', toError(error));
      }
    }
  }

  #connected(connection: Connection, resumed: boolean): void {
    this.#connection = connection;
    const { server, sessionTimeoutMs, isReadOnly: readOnly } = connection;
    this.status.set({ kind: 'connected', server, sessionId: this.#state.id, sessionTimeoutMs, resumed, readOnly });
    connection.flushSoon();
    void this.#follower?.read();
    if (this.#settings.reconnectLimitMs === 0) return;
    if (readOnly) void this.#leaveForFullServer(connection);
    else void this.#mover.follow(connection);
  }

  #listed(servers: readonly ServerAddress[]): void {
    if (this.#round.follow(servers)) this.#mover.listChanged();
  }

  /** While the connection lasts, looks for a server with a quorum; then the connection gives way to one there. */
  async #leaveForFullServer(connection: Connection): Promise<void> {
    const lost = new AbortController();
    void connection.lost.then((cause) => lost.abort(cause));
    try {
      const server = await fullServer(() => this.#round.all, this.#settings, lost.signal);
      this.#round.prefer({ server });
      connection.drop(new ConnectionLostError(`left ${connection.server}, which is read-only, for a full server`));
    } catch {
      // The connection is lost, which the session mends by itself.
    }
  }

  #end(kind: 'expired' | 'closed', cause: Error | undefined): void {
    if (this.#endCause !== undefined) return;
    const error = cause ?? new ClientClosedError('the client is closed');
    this.#endCause = error;
    clearInterval(this.#sweeper);
    this.#stop.abort(error);
    this.#connection?.drop(new ConnectionLostError('the client was closed', error));
    this.#connection = undefined;
    const refusal = refusalAfter(error);
    this.#state.queue.cancelAll(refusal);
    this.#state.credentials.dropWaiting(refusal);
    const last = kind === 'expired' ? { kind, cause: error } : cause === undefined ? { kind } : { kind, cause };
    this.#state.watches.endAll(last);
    this.status.set(last);
  }

  /** Why the session does not take the call. */
  #refusal({ timeoutMs }: CallOptions): ZookeeperError | undefined {
    const problem = timeoutMs === undefined ? undefined : limitProblem('timeoutMs', timeoutMs);
    if (problem !== undefined) return problem;
    if (this.#endCause !== undefined) return refusalAfter(this.#endCause);
    if (this.#closing !== undefined) return new ClientClosedError('the client is being closed');
    if (this.#starting === undefined) return new ClientClosedError('the client is not started yet');
    return undefined;
  }

  #sweep(): void {
    const { requestTimeoutMs } = this.#settings;
    const oldestMs = performance.now() - requestTimeoutMs;
    const cause = () => timeoutError(requestTimeoutMs);
    this.#connection?.cancelOlder(oldestMs, cause);
    this.#state.queue.cancelOlder(oldestMs, cause);
    this.#state.credentials.dropOlder(oldestMs, cause);
  }
}

/** What calls end with once the client has ended, maybe by a signal, whose reason may be anything. */
function refusalAfter(cause: Error): ZookeeperError {
  // CONNECTION_LOST would say that another try may help.
  if (cause instanceof ZookeeperError && !(cause instanceof ConnectionLostError)) return cause;
  return new ClientClosedError(`the client has ended: ${cause.message}`, cause);
}
