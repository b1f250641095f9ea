// SPDX-License-Identifier: Apache-2.0
import { type Acl, OPEN_ACL } from './acl.ts';
import { ZookeeperError } from './errors.ts';
import type { Operation } from './operation.ts';
import { create } from './operations/create.ts';
import { deleteNode } from './operations/delete.ts';
import { exists } from './operations/exists.ts';
import { type DataAndStat, get } from './operations/get.ts';
import { type ChildrenAndStat, getChildren } from './operations/get-children.ts';
import { type ReconfigRequest, reconfig } from './operations/reconfig.ts';
import { set } from './operations/set.ts';
import { sync } from './operations/sync.ts';
import { pathProblem } from './path.ts';
import type { CallOptions } from './request.ts';
import { parseServers, type ServerAddress } from './servers.ts';
import { type SessionSettings, ZookeeperSession } from './session.ts';
import type { Stat } from './stat.ts';
import type { ClientStatus } from './status.ts';

export interface ClientOptions {
  /** `host:port,host:port`, IPv6 in brackets; or a list. Names are resolved at each attempt. */
  readonly servers: string | readonly ServerAddress[];
  /** The timeout to ask for; the server may grant another one (see `status`). */
  readonly sessionTimeoutMs?: number;
  /** Limit for the first connection. Zero: the client tries each server once. */
  readonly connectLimitMs?: number;
  /**
   * Limit for reaching a server again after a lost connection; then the client ends. Zero: the client ends with its
   * connection.
   */
  readonly reconnectLimitMs?: number;
  /** Limit for connecting to one server, with the handshake. */
  readonly handshakeTimeoutMs?: number;
  /** A request without an answer for this long ends. A write that was sent then counts as maybe applied. */
  readonly requestTimeoutMs?: number;
  readonly closeTimeoutMs?: number;
  /** Servers allow 1,000 unanswered requests in all (globalOutstandingLimit). Further requests wait in the client. */
  readonly maxInFlight?: number;
  /** With more waiting requests than this, a new one is refused with QUEUE_FULL. */
  readonly maxQueued?: number;
  /** The servers' `jute.maxbuffer`. */
  readonly maxRequestBytes?: number;
  readonly maxReplyBytes?: number;
  /** The local address to connect from. */
  readonly localAddress?: string;
}

export interface CreateOptions extends CallOptions {
  readonly data?: Uint8Array;
  readonly acl?: Acl;
  /** The servers delete the znode when the session ends. */
  readonly ephemeral?: boolean;
  /** The server appends a number of ten digits to the name. */
  readonly sequential?: boolean;
}

export interface VersionOptions extends CallOptions {
  /** The version that the znode's data must have, otherwise the answer is BAD_VERSION. */
  readonly version?: number;
}

const NO_DATA = new Uint8Array(0);
const CONFIG_PATH = '/zookeeper/config';

/**
 * A ZooKeeper client. Calls may be made at any time and in any number: they are sent in their order, many at once. Each
 * rejects with a ZookeeperError (see `code`) or, when its signal is aborted, with the signal's reason. A write that was
 * sent and has no answer rejects with a MaybeAppliedError, whatever the reason. The caller must not change the data
 * that it passed in before the call is settled.
 */
export class ZookeeperClient {
  readonly #session: ZookeeperSession;

  /** Resolves when a session is open. */
  static async connect(options: ClientOptions, call: CallOptions = {}): Promise<ZookeeperClient> {
    const servers = typeof options.servers === 'string' ? parseServers(options.servers) : options.servers;
    const session = new ZookeeperSession(servers, settingsOf(options, servers.length));
    await session.start(call.signal);
    return new ZookeeperClient(session);
  }

  private constructor(session: ZookeeperSession) {
    this.#session = session;
  }

  get sessionId(): bigint {
    return this.#session.id;
  }

  get status(): ClientStatus {
    return this.#session.status.current;
  }

  /** The current status and every later one. Ends after `expired`, `closed` or an abort of the signal. */
  statuses(call: CallOptions = {}): AsyncGenerator<ClientStatus, void> {
    return this.#session.status.follow(call.signal);
  }

  get(path: string, call: CallOptions = {}): Promise<DataAndStat> {
    return this.#call(get, path, path, call);
  }

  /** Undefined when there is no such znode. */
  exists(path: string, call: CallOptions = {}): Promise<Stat | undefined> {
    return this.#call(exists, path, path, call);
  }

  getChildren(path: string, call: CallOptions = {}): Promise<ChildrenAndStat> {
    return this.#call(getChildren, path, path, call);
  }

  /** Resolves with the path of the new znode, including its number if it is sequential. */
  create(path: string, options: CreateOptions = {}): Promise<string> {
    const { data = NO_DATA, acl = OPEN_ACL, ephemeral = false, sequential = false } = options;
    return this.#call(create, { path, data, acl, ephemeral, sequential }, path, options, sequential);
  }

  set(path: string, data: Uint8Array, options: VersionOptions = {}): Promise<Stat> {
    return this.#call(set, { path, data, version: options.version ?? -1 }, path, options);
  }

  delete(path: string, options: VersionOptions = {}): Promise<void> {
    return this.#call(deleteNode, { path, version: options.version ?? -1 }, path, options);
  }

  /** Reads after it see everything that was committed before it. */
  sync(path = '/', call: CallOptions = {}): Promise<void> {
    return this.#call(sync, path, path, call);
  }

  /** The committed config: lines of `server.N=…` and `version=<hex>`. */
  getConfig(call: CallOptions = {}): Promise<DataAndStat> {
    return this.get(CONFIG_PATH, call);
  }

  /** Changes the servers of the ensemble; resolves with the new config. */
  reconfig(request: ReconfigRequest, call: CallOptions = {}): Promise<DataAndStat> {
    return this.#call(reconfig, request, CONFIG_PATH, call);
  }

  /**
   * Authenticates this and every later connection of the client. A server may accept a credential and still give it no
   * rights.
   */
  addAuth(scheme: string, auth: string | Uint8Array, call: CallOptions = {}): Promise<void> {
    const bytes = typeof auth === 'string' ? Buffer.from(auth) : auth;
    return this.#session.addCredential({ scheme, auth: bytes }, call.signal);
  }

  /**
   * Waits for the answers to all sent requests, then ends the session. Requests that were not sent are rejected. Never
   * rejects itself.
   */
  close(): Promise<void> {
    return this.#session.close();
  }

  #call<Body, Reply>(
    operation: Operation<Body, Reply>,
    body: Body,
    path: string,
    call: CallOptions,
    sequential = false,
  ): Promise<Reply> {
    const problem = pathProblem(path, sequential);
    if (problem !== undefined) return Promise.reject(problem);
    return this.#session.request(operation, body, path, call.signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function settingsOf(options: ClientOptions, servers: number): SessionSettings {
  const sessionTimeoutMs = limit('sessionTimeoutMs', options.sessionTimeoutMs ?? 10_000);
  // The client should be able to try all servers once before the session expires.
  const perServerMs = Math.min((sessionTimeoutMs * 2) / 3, Math.max(1_000, sessionTimeoutMs / Math.max(1, servers)));
  return {
    sessionTimeoutMs,
    connectLimitMs: limit('connectLimitMs', options.connectLimitMs ?? 30_000, 0),
    reconnectLimitMs: limit('reconnectLimitMs', options.reconnectLimitMs ?? 600_000, 0),
    handshakeTimeoutMs: limit('handshakeTimeoutMs', options.handshakeTimeoutMs ?? Math.ceil(perServerMs)),
    requestTimeoutMs: limit('requestTimeoutMs', options.requestTimeoutMs ?? 30_000),
    closeTimeoutMs: limit('closeTimeoutMs', options.closeTimeoutMs ?? 5_000),
    maxInFlight: limit('maxInFlight', options.maxInFlight ?? 900),
    maxQueued: limit('maxQueued', options.maxQueued ?? 100_000),
    maxRequestBytes: limit('maxRequestBytes', options.maxRequestBytes ?? 0xf_ffff),
    maxReplyBytes: limit('maxReplyBytes', options.maxReplyBytes ?? 16 * 1024 * 1024),
    ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
  };
}

/** Timers and the wire carry 32-bit numbers. */
function limit(name: string, value: number, least = 1): number {
  if (!Number.isInteger(value) || value < least || value > 0x7fff_ffff) {
    throw new ZookeeperError('BAD_REQUEST', `${name} must be a whole number from ${least}, it is ${value}`);
  }
  return value;
}
