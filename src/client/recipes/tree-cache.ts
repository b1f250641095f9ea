// SPDX-License-Identifier: Apache-2.0
import type { ZookeeperClient } from '../client.ts';
import { ClientClosedError, toError } from '../errors.ts';
import type { LostEvents } from '../event-queue.ts';
import { limitProblem } from '../limit.ts';
import type { DataAndStat } from '../operations/get.ts';
import { pathProblem } from '../path.ts';
import type { CallOptions, SignalOptions } from '../request.ts';
import { retry } from '../retry.ts';
import type { WatchEvent } from '../watch-event.ts';
import { EventStream } from './event-stream.ts';
import { type TreeChange, TreeNodes } from './tree-nodes.ts';
import { TreeReads } from './tree-reads.ts';
import { within } from './wait-limit.ts';

/** How a tree cache reads. */
export interface TreeCacheOptions {
  /** Reads that are under way at a time: 100 if not given. */
  readonly maxInFlight?: number;
}

/** How long the events of a tree cache are told, and how many may wait. */
export interface TreeEventOptions extends SignalOptions {
  /** A reader with more unread events than this loses the oldest ones, and is told so; 10,000 if not given. */
  readonly maxUnread?: number;
}

/** What a tree cache tells, in the order in which it happened to the cache. */
export type TreeEvent =
  | TreeChange
  /** Everything that was known to have changed is read: after the beginning, and after each reconnect. */
  | { readonly kind: 'current' }
  /** The connection is lost: what the cache holds grows old until `current`. */
  | { readonly kind: 'disconnected'; readonly cause: Error }
  /** The last one: the session has expired, the client or the cache is closed, or a read failed for good. */
  | { readonly kind: 'ended'; readonly cause: Error };

const MAX_IN_FLIGHT = 100;
const MAX_UNREAD = 10_000;
/** With more unread events of its watch than this, the cache reads everything again. */
const MAX_UNREAD_BY_CACHE = 100_000;
/** The watch is set within this time, which is how long a client looks for a server. */
const WATCH_LIMIT_MS = 600_000;

/**
 * Holds a znode with all below it in memory, and follows what happens to them. It needs not be there. A znode that this
 * client may not read is not held. What the cache shows is as old as the last event: `client.sync` does not bring it
 * forward, but a change of this client is read soon after the answer.
 *
 * It has one recursive watch while connected. After a reconnect it asks the server which of its znodes changed, in
 * batches of 128 kB, and reads these alone: one request for each, or two for one that changes meanwhile. Nothing
 * that happened in between is missed, but what came and went in between is not told.
 *
 * When the session is lost, the cache ends with the event `ended` and its cause. It keeps what it held, which grows
 * old; a new client needs a new cache.
 */
export class TreeCache implements AsyncDisposable {
  /** Of the znode at the top. */
  readonly path: string;
  readonly #client: ZookeeperClient;
  readonly #stop = new AbortController();
  readonly #nodes: TreeNodes;
  readonly #reads: TreeReads;
  readonly #streams = new Set<EventStream<TreeEvent>>();
  readonly #first: Promise<void>;
  #onFirst: { resolve(): void; reject(cause: Error): void } = { resolve: () => {}, reject: () => {} };
  #following: Promise<void> = Promise.resolve();
  /** The watch is set, and was not lost since. */
  #isArmed = false;
  /** The next time that nothing is left to read, it is told. */
  #owesCurrent = true;

  /** Resolves when everything is read. Rejects with WAIT_TIMEOUT, the signal's reason, or why nothing can be read. */
  static async open(
    client: ZookeeperClient,
    path: string,
    options: TreeCacheOptions = {},
    call: CallOptions = {},
  ): Promise<TreeCache> {
    const { maxInFlight = MAX_IN_FLIGHT } = options;
    const problem = pathProblem(path, false) ?? limitProblem('maxInFlight', maxInFlight);
    if (problem !== undefined) throw problem;
    const cache = new TreeCache(client, path, maxInFlight);
    try {
      await within(`the tree cache of ${path}`, call, () => cache.#first);
      return cache;
    } catch (error) {
      await cache.close();
      throw error;
    }
  }

  private constructor(client: ZookeeperClient, path: string, maxInFlight: number) {
    this.path = path;
    this.#client = client;
    this.#nodes = new TreeNodes(path, (change) => this.#tell(change));
    const limits = { maxInFlight, signal: this.#stop.signal };
    this.#reads = new TreeReads(client, this.#nodes, limits, {
      idle: () => this.#onIdle(),
      failure: (error) => this.#end(toError(error)),
    });
    this.#first = new Promise((resolve, reject) => {
      this.#onFirst = { resolve, reject };
    });
    this.#first.catch(() => {});
    this.#following = this.#follow();
  }

  /** Everything is read that is known to have changed, and the connection is there. */
  get isCurrent(): boolean {
    return this.#isArmed && this.#reads.isIdle && !this.#stop.signal.aborted;
  }

  /** How many znodes it holds. */
  get size(): number {
    return this.#nodes.size;
  }

  /** Data and stat; undefined for a znode that is not held. Its stat is as old as its data. */
  get(path: string): DataAndStat | undefined {
    return this.#nodes.get(path);
  }

  /** The names of the children, in no order; undefined for a znode that is not held. */
  children(path: string): readonly string[] | undefined {
    return this.#nodes.children(path);
  }

  /** The paths of all znodes that it holds, parents before their children at first, later in no order. */
  paths(): IterableIterator<string> {
    return this.#nodes.held();
  }

  /** What happens from now on. Ends after `ended`, when the loop is left, or when the signal is aborted. */
  events(options: TreeEventOptions = {}): AsyncIterableIterator<TreeEvent | LostEvents, undefined> {
    const { signal, maxUnread = MAX_UNREAD } = options;
    const problem = limitProblem('maxUnread', maxUnread);
    if (problem !== undefined) throw problem;
    const onAbort = (): void => stream.finish();
    const stream = new EventStream<TreeEvent>(maxUnread, () => {
      this.#streams.delete(stream);
      signal?.removeEventListener('abort', onAbort);
    });
    this.#streams.add(stream);
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true || this.#stop.signal.aborted) stream.finish();
    return stream;
  }

  /** Ends the cache and its watch. Never rejects. */
  close(): Promise<void> {
    this.#end(new ClientClosedError('the tree cache is closed'));
    return this.#following;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    const held = { present: () => this.#nodes.held(), missing: () => this.#missing() };
    const options = { recursive: true, held, maxUnread: MAX_UNREAD_BY_CACHE, signal };
    const policy = { delayMs: 20, maxDelayMs: 1_000, deadlineMs: WATCH_LIMIT_MS };
    try {
      await using watch = await retry(() => this.#client.watch(this.path, options), policy, { signal });
      this.#isArmed = true;
      this.#nodes.create(this.path);
      this.#reads.want(this.path, 'both');
      for await (const event of watch) this.#onEvent(event);
      this.#end(new ClientClosedError('the watch of the tree cache has ended'));
    } catch (error) {
      this.#end(toError(error));
    }
  }

  #onEvent(event: WatchEvent): void {
    if (event.kind === 'created') this.#onCreated(event.path);
    else if (event.kind === 'changed') this.#want(event.path, 'data');
    else if (event.kind === 'childrenChanged') this.#want(event.path, 'children');
    else if (event.kind === 'deleted') this.#nodes.delete(event.path);
    else if (event.kind === 'disconnected') this.#onDisconnected(event.cause);
    else if (event.kind === 'rearmed') this.#onRearmed();
    else if (event.kind === 'overflow') this.#wantAll();
    else if (event.kind === 'removed') this.#end(new ClientClosedError('somebody has removed the watch of the cache'));
    else if (event.kind === 'expired') this.#end(event.cause);
    else if (event.kind === 'closed') this.#end(event.cause ?? new ClientClosedError('the client is closed'));
  }

  /** While connected, the events of its children follow. */
  #onCreated(path: string): void {
    if (this.#nodes.create(path)) this.#want(path, this.#isArmed ? 'data' : 'both');
  }

  #onRearmed(): void {
    this.#isArmed = true;
    this.#reads.resume();
  }

  #onDisconnected(cause: Error): void {
    this.#isArmed = false;
    this.#owesCurrent = true;
    this.#reads.pause();
    this.#tell({ kind: 'disconnected', cause });
  }

  #want(path: string, what: 'data' | 'children' | 'both'): void {
    if (this.#nodes.has(path)) this.#reads.want(path, what);
  }

  /** Events are lost, and with them everything that they may have told. */
  #wantAll(): void {
    this.#owesCurrent = true;
    this.#nodes.create(this.path);
    for (const path of this.#nodes.known()) this.#want(path, 'both');
  }

  #onIdle(): void {
    if (!this.#isArmed || !this.#owesCurrent || this.#stop.signal.aborted) return;
    this.#owesCurrent = false;
    this.#tell({ kind: 'current' });
    this.#onFirst.resolve();
  }

  /** A root that is not there is watched for. */
  #missing(): readonly string[] {
    return this.#nodes.get(this.path) === undefined ? [this.path] : [];
  }

  #tell(event: TreeEvent): void {
    for (const stream of this.#streams) stream.add(event);
  }

  #end(cause: Error): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort(cause);
    this.#tell({ kind: 'ended', cause });
    for (const stream of [...this.#streams]) stream.finish();
    this.#onFirst.reject(cause);
  }
}
