// SPDX-License-Identifier: Apache-2.0
import { setMaxListeners } from 'node:events';
import type { Acl } from './acl.ts';
import { type ClientOptions, settingsOf } from './client-options.ts';
import { ClientClosedError, TransactionError } from './errors.ts';
import type { Operation } from './operation.ts';
import { addPersistentWatch, addRecursiveWatch } from './operations/add-watch.ts';
import { type CreateRequest, create } from './operations/create.ts';
import { createContainer } from './operations/create-container.ts';
import { createTtl } from './operations/create-ttl.ts';
import { create2, type PathAndStat } from './operations/create2.ts';
import { deleteNode } from './operations/delete.ts';
import { exists, existsWatched } from './operations/exists.ts';
import { type DataAndStat, get, getWatched } from './operations/get.ts';
import { type AclAndStat, getAcl } from './operations/get-acl.ts';
import { getAllChildrenNumber } from './operations/get-all-children-number.ts';
import { type ChildrenAndStat, getChildren, getChildrenWatched } from './operations/get-children.ts';
import { CONFIG_PATH, getConfig } from './operations/get-config.ts';
import { getEphemerals } from './operations/get-ephemerals.ts';
import { multi } from './operations/multi.ts';
import { multiRead, type ReadPart, type ReadResults } from './operations/multi-read.ts';
import { type ReconfigRequest, reconfig } from './operations/reconfig.ts';
import { removeWatches, type WatchType } from './operations/remove-watches.ts';
import { set } from './operations/set.ts';
import { setAcl } from './operations/set-acl.ts';
import { sync } from './operations/sync.ts';
import { type ClientIdentity, whoAmI } from './operations/who-am-i.ts';
import { pathProblem } from './path.ts';
import { type CreateOptions, createProtected } from './protected-create.ts';
import type { CallOptions, SignalOptions, VersionOptions } from './request.ts';
import { ZookeeperSession } from './session.ts';
import type { Stat } from './stat.ts';
import type { ClientStatus } from './status.ts';
import {
  createProblem,
  createRequestOf,
  type TransactionPart,
  type TransactionResults,
  transactionProblem,
} from './transaction.ts';
import type { WatchKind, ZnodeWatch } from './watch.ts';
import { type Watched, type WatchOptions, WatchRequests } from './watch-requests.ts';

/**
 * A ZooKeeper client. Once it is started, calls may be made at any time and in any number: they are sent in their
 * order, many at once. Each rejects with a ZookeeperError (see `code`, `op` and `path`) or, when its signal is aborted,
 * with the signal's reason. A write that was sent and has no answer rejects with a MaybeAppliedError, whatever the
 * reason. The caller must not change the data that it passed in before the call is settled.
 */
export class ZookeeperClient {
  readonly #session: ZookeeperSession;
  readonly #watches: WatchRequests;
  readonly #closing = new AbortController();

  /** Makes no connection yet: see `start`. Throws BAD_REQUEST for an option out of range. */
  constructor(options: ClientOptions = {}) {
    const { servers, settings } = settingsOf(options);
    this.#session = new ZookeeperSession(servers, settings);
    this.#watches = new WatchRequests(this.#session);
    setMaxListeners(0, this.#closing.signal);
  }

  /** A client with an open session. */
  static async connect(options: ClientOptions = {}, call: SignalOptions = {}): Promise<ZookeeperClient> {
    const client = new ZookeeperClient(options);
    await client.start(call);
    return client;
  }

  /**
   * Resolves when a session is open. Until it is called, calls end with CLIENT_CLOSED. Further calls of it have the
   * result of the first one; a client that has ended can't be started again.
   */
  start(call: SignalOptions = {}): Promise<void> {
    return this.#session.start(call.signal);
  }

  /** The id of the session; zero before there is one. */
  get sessionId(): bigint {
    return this.#session.id;
  }

  /** The 16 bytes with which a client shows that the session is its own. Whoever has them can take it over. */
  get sessionPassword(): Uint8Array {
    return this.#session.password;
  }

  /**
   * Until when the servers surely keep the session, by `performance.now()`. It moves with each answer. Three quarters
   * of the session's timeout are counted, from when the request was sent.
   */
  get sessionSureUntilMs(): number {
    return this.#session.proof.sureUntilMs;
  }

  /** Is aborted when `close` is called, before the session ends. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** The state of the client now. */
  get status(): ClientStatus {
    return this.#session.status.current;
  }

  /** The current status and every later one. Ends after `expired`, `closed` or an abort of the signal. */
  statuses(call: SignalOptions = {}): AsyncGenerator<ClientStatus, void> {
    return this.#session.status.follow(call.signal);
  }

  /**
   * The data of a znode, and its stat. Rejects with NO_NODE when there is none, with NO_AUTH without the right to read
   * it.
   */
  get(path: string, call: CallOptions = {}): Promise<DataAndStat> {
    return this.#call(get, path, path, call);
  }

  /** Undefined when there is no such znode. */
  exists(path: string, call: CallOptions = {}): Promise<Stat | undefined> {
    return this.#call(exists, path, path, call);
  }

  /** The names of the children, in no order. Rejects with NO_NODE when there is no such znode. */
  getChildren(path: string, call: CallOptions = {}): Promise<ChildrenAndStat> {
    return this.#call(getChildren, path, path, call);
  }

  /** Resolves with the path of the new znode, including its number if it is sequential. */
  create(path: string, options: CreateOptions = {}): Promise<string> {
    const { container, ttlMs } = options;
    const hasOwnOperation = container === true || ttlMs !== undefined || options.protected === true;
    if (hasOwnOperation) return this.create2(path, options).then((created) => created.path);
    return this.#create(create, path, options);
  }

  /** Like `create`, with the stat of the new znode. */
  create2(path: string, options: CreateOptions = {}): Promise<PathAndStat> {
    if (options.protected === true) return createProtected(this, path, options);
    if (options.container === true) return this.#create(createContainer, path, options);
    return this.#create(options.ttlMs === undefined ? create2 : createTtl, path, options);
  }

  /**
   * Replaces the data. Rejects with NO_NODE when there is no such znode, and with BAD_VERSION when `version` is not its
   * own.
   */
  set(path: string, data: Uint8Array, options: VersionOptions = {}): Promise<Stat> {
    return this.#call(set, { path, data, version: options.version ?? -1 }, path, options);
  }

  /**
   * Deletes a znode. Rejects with NO_NODE when there is none, with NOT_EMPTY when it has children, and with BAD_VERSION
   * when `version` is not its own.
   */
  delete(path: string, options: VersionOptions = {}): Promise<void> {
    return this.#call(deleteNode, { path, version: options.version ?? -1 }, path, options);
  }

  /**
   * Applies all parts in their order, or none of them. Resolves with one result for each part. When a part fails, it
   * rejects with a TransactionError, which has the code, the path and the index of that part.
   */
  async multi<const Parts extends readonly TransactionPart[]>(
    parts: Parts,
    call: CallOptions = {},
  ): Promise<TransactionResults<Parts>> {
    const problem = transactionProblem(parts);
    if (problem !== undefined) throw problem;
    const outcome = await this.#session.request(multi, parts, undefined, call);
    if (outcome instanceof TransactionError) throw outcome;
    return outcome as TransactionResults<Parts>;
  }

  /**
   * Several reads in one request; a write of another client may come between them. One that fails has its ServerError
   * as its result, and the others have theirs.
   */
  async multiRead<const Parts extends readonly ReadPart[]>(
    parts: Parts,
    call: CallOptions = {},
  ): Promise<ReadResults<Parts>> {
    for (const { kind, path } of parts) {
      const problem = pathProblem(path, false);
      if (problem !== undefined) throw problem.of({ op: kind, path });
    }
    return (await this.#session.request(multiRead, parts, undefined, call)) as ReadResults<Parts>;
  }

  /** The secret part of a digest is shown as `x` to a client that may not set the ACL. */
  getAcl(path: string, call: CallOptions = {}): Promise<AclAndStat> {
    return this.#call(getAcl, path, path, call);
  }

  /** Here `version` is the version of the ACL, `aclVersion` in the stat. */
  setAcl(path: string, acl: Acl, options: VersionOptions = {}): Promise<Stat> {
    return this.#call(setAcl, { path, acl, version: options.version ?? -1 }, path, options);
  }

  /** The ephemeral znodes of this session whose paths begin with the prefix. */
  getEphemerals(prefix = '/', call: CallOptions = {}): Promise<string[]> {
    return this.#call(getEphemerals, prefix, prefix, call);
  }

  /** How many znodes there are below the path: children, their children, and so on. */
  getAllChildrenNumber(path: string, call: CallOptions = {}): Promise<number> {
    return this.#call(getAllChildrenNumber, path, path, call);
  }

  /** The identities under which the server knows this connection. */
  whoAmI(call: CallOptions = {}): Promise<ClientIdentity[]> {
    return this.#session.request(whoAmI, undefined, undefined, call);
  }

  /**
   * Like `get`, with a watch for one event: the znode is set or deleted. After a lost connection the watch is set
   * again, and fires for what happened meanwhile.
   */
  getAndWatch(path: string, options: WatchOptions = {}): Promise<DataAndStat & Watched> {
    return this.#watch(getWatched, 'data', path, options).then(({ reply, watch }) => ({ ...reply, watch }));
  }

  /** Like `exists`, with a watch for one event: the znode is created, or set or deleted. */
  existsAndWatch(path: string, options: WatchOptions = {}): Promise<{ readonly stat: Stat | undefined } & Watched> {
    return this.#watch(existsWatched, 'data', path, options).then(({ reply, watch }) => ({ stat: reply, watch }));
  }

  /** Like `getChildren`, with a watch for one event: a child is created or deleted, or the znode is deleted. */
  getChildrenAndWatch(path: string, options: WatchOptions = {}): Promise<ChildrenAndStat & Watched> {
    return this.#watch(getChildrenWatched, 'children', path, options).then(({ reply, watch }) => ({ ...reply, watch }));
  }

  /**
   * A persistent watch: every event of a znode that is or will be there, until it is closed. With `recursive` it is for
   * all znodes below, too, and has no events of kind childrenChanged. What happens between `disconnected` and `rearmed`
   * is not told.
   */
  watch(path: string, options: WatchOptions & { readonly recursive?: boolean } = {}): Promise<ZnodeWatch> {
    const [operation, kind] =
      options.recursive === true
        ? ([addRecursiveWatch, 'recursive'] as const)
        : ([addPersistentWatch, 'persistent'] as const);
    return this.#watch(operation, kind, path, options).then(({ watch }) => watch);
  }

  /** Ends all watches of this client on the path, each with the event `removed`. NO_WATCHER when there is none. */
  removeWatches(path: string, type: WatchType = 'any', call: CallOptions = {}): Promise<void> {
    const problem = pathProblem(path, false);
    if (problem !== undefined) return Promise.reject(problem.of({ op: removeWatches.name, path }));
    return this.#watches.remove(type, path, call);
  }

  /** Reads after it see everything that was committed before it. */
  sync(path = '/', call: CallOptions = {}): Promise<void> {
    return this.#call(sync, path, path, call);
  }

  /** The committed config: lines of `server.N=…` and `version=<hex>`. */
  getConfig(call: CallOptions = {}): Promise<DataAndStat> {
    return this.#call(getConfig, undefined, CONFIG_PATH, call);
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
    return this.#session.addCredential({ scheme, auth: bytes }, call);
  }

  /**
   * Waits for the answers to all sent requests, then ends the session. Requests that were not sent are rejected. Never
   * rejects itself.
   */
  close(): Promise<void> {
    this.#closing.abort(new ClientClosedError('the client is being closed'));
    return this.#session.close();
  }

  #watch<Reply>(operation: Operation<string, Reply>, kind: WatchKind, path: string, options: WatchOptions) {
    const problem = pathProblem(path, false);
    if (problem !== undefined) return Promise.reject(problem.of({ op: operation.name, path }));
    return this.#watches.set(operation, kind, path, options);
  }

  #create<Reply>(operation: Operation<CreateRequest, Reply>, path: string, options: CreateOptions): Promise<Reply> {
    const problem = createProblem(path, options);
    if (problem !== undefined) return Promise.reject(problem.of({ op: operation.name, path }));
    return this.#session.request(operation, createRequestOf(path, options), path, options);
  }

  #call<Body, Reply>(operation: Operation<Body, Reply>, body: Body, path: string, call: CallOptions): Promise<Reply> {
    const problem = pathProblem(path, false);
    if (problem !== undefined) return Promise.reject(problem.of({ op: operation.name, path }));
    return this.#session.request(operation, body, path, call);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A client with an open session; on 127.0.0.1:2181 without options. */
export function connect(options: ClientOptions = {}, call: SignalOptions = {}): Promise<ZookeeperClient> {
  return ZookeeperClient.connect(options, call);
}
