// SPDX-License-Identifier: Apache-2.0
import { ServerError, ZookeeperError } from './errors.ts';
import { limitProblem } from './limit.ts';
import type { Operation } from './operation.ts';
import { removeWatches, type WatchType } from './operations/remove-watches.ts';
import type { CallOptions } from './request.ts';
import type { ZookeeperSession } from './session.ts';
import { type HeldZnodes, type WatchKind, ZnodeWatch } from './watch.ts';

/** How long a watch lasts, and how many of its events may wait. */
export interface WatchOptions extends CallOptions {
  /** Aborted later, it closes the watch. */
  readonly signal?: AbortSignal;
  /** A watch with more unread events than this loses the oldest ones, and says so; 1,000 if not given. */
  readonly maxUnread?: number;
  /**
   * For a recursive watch whose reader keeps what it has read. After a lost connection it is told which of these were
   * set, deleted or created meanwhile, or have other children: as events between `disconnected` and `rearmed`.
   */
  readonly held?: HeldZnodes;
}

/** What a read with a watch has beside its answer. */
export interface Watched {
  readonly watch: ZnodeWatch;
}

/** The kinds that servers keep as one. */
const KINDS_OF: Readonly<Record<WatchType, readonly WatchKind[]>> = {
  data: ['data', 'exist'],
  children: ['children'],
  persistent: ['persistent'],
  recursive: ['recursive'],
  any: ['data', 'exist', 'children', 'persistent', 'recursive'],
};

const MAX_UNREAD = 1_000;

/** Sets watches, and takes back those that nobody reads any more. */
export class WatchRequests {
  readonly #session: ZookeeperSession;
  /** How many requests that set a watch have no answer yet, by type and path. */
  readonly #underWay = new Map<string, number>();

  constructor(session: ZookeeperSession) {
    this.#session = session;
  }

  /**
   * Sends an operation that sets a watch. The watch is in the table before the next frame is read, since that may be
   * its event.
   */
  async set<Reply>(
    operation: Operation<string, Reply>,
    kind: WatchKind,
    path: string,
    options: WatchOptions,
  ): Promise<{ readonly reply: Reply; readonly watch: ZnodeWatch }> {
    const { signal, maxUnread = MAX_UNREAD, held } = options;
    const problem = this.#problem(path, maxUnread);
    if (problem !== undefined) throw problem.of({ op: operation.name, path });
    const { watches } = this.#session;
    const watch = new ZnodeWatch(kind, path, { maxUnread, ...(held && { held }) }, this.#close);
    const { noNode } = operation;
    const setting: Operation<string, Reply> = {
      ...operation,
      decode: (reader, request) => {
        const reply = operation.decode(reader, request);
        watches.add(watch);
        return reply;
      },
      ...(noNode !== undefined && {
        noNode: () => {
          watch.becomes('exist');
          watches.add(watch);
          return noNode();
        },
      }),
    };
    const reply = await this.#counted(kind, path, () => this.#session.request(setting, path, path, options));
    if (signal !== undefined) watch.closeOn(signal);
    return { reply, watch };
  }

  async remove(type: WatchType, path: string, options: CallOptions): Promise<void> {
    const { watches } = this.#session;
    const ending: typeof removeWatches = {
      ...removeWatches,
      // Whoever gave up waiting: the watches are gone.
      decodesLate: true,
      decode: () => watches.end(KINDS_OF[type], path, { kind: 'removed' }),
    };
    await this.#session.request(ending, { path, type }, path, options);
  }

  /** A request that ends without an answer may have set its watch. */
  async #counted<Reply>(kind: WatchKind, path: string, send: () => Promise<Reply>): Promise<Reply> {
    const key = `${typeOf(kind)} ${path}`;
    const count = (change: number) => {
      const underWay = (this.#underWay.get(key) ?? 0) + change;
      if (underWay > 0) this.#underWay.set(key, underWay);
      else this.#underWay.delete(key);
    };
    count(1);
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof ServerError)) queueMicrotask(() => void this.#removeUnused(kind, path));
      throw error;
    } finally {
      count(-1);
    }
  }

  readonly #close = (watch: ZnodeWatch): Promise<void> => {
    this.#session.watches.remove(watch);
    return this.#removeUnused(watch.kind, watch.path);
  };

  /** Without a connection there is nothing to take back: the next one gets the watches that are left. */
  async #removeUnused(kind: WatchKind, path: string): Promise<void> {
    const type = typeOf(kind);
    if (!this.#session.isConnected || this.#underWay.has(`${type} ${path}`)) return;
    if (this.#session.watches.has(KINDS_OF[type], path)) return;
    // When it fails, the server has no such watch, the connection is lost, or events come that nobody hears.
    await this.#session.request(removeWatches, { path, type }, path).catch(() => {});
  }

  #problem(path: string, maxUnread: number): ZookeeperError | undefined {
    const problem = limitProblem('maxUnread', maxUnread);
    if (problem !== undefined) return problem;
    const bytes = Buffer.byteLength(path);
    const limit = this.#session.maxWatchedBytes;
    if (bytes <= limit) return undefined;
    return new ZookeeperError('REQUEST_TOO_LARGE', `a watch has a path of ${bytes} bytes, ${limit} is the limit`);
  }
}

function typeOf(kind: WatchKind): WatchType {
  return kind === 'exist' ? 'data' : kind;
}
