// SPDX-License-Identifier: Apache-2.0
import type { Acl } from '../acl.ts';
import type { ZookeeperClient } from '../client.ts';
import { ClientClosedError, ServerError, ZookeeperError } from '../errors.ts';
import { limitProblem } from '../limit.ts';
import { pathProblem } from '../path.ts';
import type { CallOptions } from '../request.ts';
import { retry } from '../retry.ts';
import { CALL_LIMIT_MS, CallLimit } from './call-limit.ts';
import { ENTRY_ORDER, entryPrefix, type PutOptions } from './entry-name.ts';
import { MadeZnodes } from './made-znodes.ts';
import { childOf } from './parents.ts';
import { applyWithReceipt } from './receipt.ts';
import { retriedRead } from './retried-read.ts';
import { WaitTimeoutError, within } from './wait-limit.ts';

/** Somebody else has taken the entry. */
const TOO_LATE: ReadonlySet<string> = new Set(['NO_NODE', 'BAD_VERSION']);

/**
 * A queue whose entries are removed before they are worked on: when the taker dies, its entry is lost. LockingQueue and
 * JobQueue keep it. Entries of a lower priority number come first, among them the oldest. Kazoo's Queue has the same
 * entries, so both may be used on one path.
 *
 * | znode | kind | data | meaning |
 * | --- | --- | --- | --- |
 * | `<path>/entry-<priority>-<sequence>` | persistent, sequential | the value | the entry is in the queue |
 * | `<path>-receipts/<uuid>` | ephemeral | none | a `put` or `get` was applied; deleted soon after |
 *
 * To put and to get are one transaction each. An answer that is lost is found out by reading. So an entry is put once,
 * and one taker gets it. MAYBE_APPLIED is left for a call whose limit or signal ended it, or whose session ended.
 *
 * When the session is lost, `get` rejects. An entry that it took without an answer is then lost.
 */
export class Queue {
  /** Of the queue. */
  readonly path: string;
  readonly #client: ZookeeperClient;
  readonly #receipts: string;
  readonly #acl: Acl | undefined;
  readonly #znodes: MadeZnodes;

  /** The queue's znodes are made by the first call that needs them. Throws BAD_REQUEST for a bad path, and the root. */
  constructor(client: ZookeeperClient, path: string, options: { readonly acl?: Acl } = {}) {
    const problem = pathProblem(path, false);
    if (problem !== undefined) throw problem;
    if (path === '/') throw new ZookeeperError('BAD_REQUEST', 'the path of a queue can not be /');
    this.path = path;
    this.#client = client;
    this.#receipts = `${path}-receipts`;
    this.#acl = options.acl;
    this.#znodes = new MadeZnodes(client, [path, this.#receipts], options.acl);
  }

  /** Puts an entry, once. */
  async put(data: Uint8Array, options: PutOptions & CallOptions = {}): Promise<void> {
    const path = childOf(this.path, entryPrefix(options));
    const limit = new CallLimit(options);
    await this.#znodes.make(limit.next());
    const acl = this.#acl === undefined ? {} : { acl: this.#acl };
    const part = { kind: 'create', path, data, sequential: true, ...acl } as const;
    await applyWithReceipt(this.#client, this.#receipts, [part], limit);
  }

  /**
   * Removes the first entry and resolves with its value. It waits for one until the limit, 30 s if not given, and then
   * resolves with undefined. With a limit of zero it takes what is there now. The limit and the signal end the wait,
   * but no removal that is under way: what is removed is handed over.
   */
  async get(call: CallOptions = {}): Promise<Uint8Array | undefined> {
    const { signal, timeoutMs = CALL_LIMIT_MS } = call;
    const problem = limitProblem('timeoutMs', timeoutMs, 0);
    if (problem !== undefined) throw problem;
    const waits = timeoutMs > 0;
    const limit = new CallLimit({ ...(signal && { signal }), timeoutMs: waits ? timeoutMs : CALL_LIMIT_MS });
    try {
      await this.#znodes.make(limit.next());
      // What this session has not been told yet counts as there.
      if (!waits) await retriedRead('get', limit, (options) => this.#client.sync(this.path, options));
      for (;;) {
        const data = await this.#takeFirst(limit);
        if (data !== undefined || !waits) return data;
        await this.#change(limit);
      }
    } catch (error) {
      if (waits && error instanceof WaitTimeoutError) return undefined;
      throw error;
    }
  }

  /** How many entries there are. */
  async size(call: CallOptions = {}): Promise<number> {
    const read = (each: CallOptions) => this.#client.exists(this.path, each);
    return (await retriedRead('size', new CallLimit(call), read))?.childrenCount ?? 0;
  }

  /** Undefined when there is none. */
  async #takeFirst(limit: CallLimit): Promise<Uint8Array | undefined> {
    for (;;) {
      const { children } = await retriedRead('get', limit, (options) => this.#client.getChildren(this.path, options));
      const entries = children.map(ENTRY_ORDER.parse).filter((entry) => entry !== undefined);
      if (entries.length === 0) return undefined;
      for (const { name } of entries.sort(ENTRY_ORDER.compare)) {
        const data = await this.#remove(childOf(this.path, name), limit);
        if (data !== undefined) return data;
      }
    }
  }

  /** Resolves with the value, or with undefined if somebody else has it. */
  async #remove(path: string, limit: CallLimit): Promise<Uint8Array | undefined> {
    try {
      const { data, stat } = await retriedRead('get', limit, (options) => this.#client.get(path, options));
      const part = { kind: 'delete', path, version: stat.version } as const;
      await applyWithReceipt(this.#client, this.#receipts, [part], new CallLimit({}));
      return data;
    } catch (error) {
      if (error instanceof ServerError && TOO_LATE.has(error.code)) return undefined;
      throw error;
    }
  }

  /** Resolves when there may be an entry. Rejects with WAIT_TIMEOUT when the limit is over. */
  #change(limit: CallLimit): Promise<void> {
    return within('get', limit.next(), async (signal) => {
      const call = { signal };
      const read = () => this.#client.getChildrenAndWatch(this.path, call);
      const { children, watch } = await retry(read, { delayMs: 20, deadlineMs: Math.ceil(limit.leftMs) }, call);
      try {
        if (children.some((name) => ENTRY_ORDER.parse(name) !== undefined)) return;
        for await (const event of watch) {
          if (event.kind === 'expired') throw event.cause;
          if (event.kind === 'closed') throw event.cause ?? new ClientClosedError('the client is closed');
          if (event.kind !== 'disconnected' && event.kind !== 'rearmed') return;
        }
      } finally {
        void watch.close();
      }
    });
  }
}
