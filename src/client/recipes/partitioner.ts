// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Acl } from '../acl.ts';
import type { ZookeeperClient } from '../client.ts';
import { ZookeeperError } from '../errors.ts';
import { limitProblem } from '../limit.ts';
import { pathProblem } from '../path.ts';
import type { SignalOptions } from '../request.ts';
import type { ZnodeWatch } from '../watch.ts';
import { watchedChildren } from './children-changes.ts';
import type { Hold } from './hold.ts';
import { holdOwn } from './hold-own.ts';
import { Lock } from './lock.ts';
import { childOf } from './parents.ts';
import { Share } from './share.ts';
import { HoldLostError } from './vigil.ts';
import { orAborted } from './wait-limit.ts';
import { untilFired } from './znode-end.ts';

/** What is shared out, and as whom a member takes part. */
export interface PartitionerOptions {
  /** What is shared out, the same for all members. Each is the name of a znode, so without a slash. */
  readonly items: readonly string[];
  /** Members are sorted by it. The host and the process if not given. */
  readonly identifier?: string;
  /** For so long nobody must have joined or left before the items are shared out: 2,000 if not given. */
  readonly quietMs?: number;
  /** The ACL of the znodes; open to all if not given. */
  readonly acl?: Acl;
}

interface Settlement {
  readonly mine: readonly string[];
  /** Is aborted when somebody joins or leaves. */
  readonly changed: AbortSignal;
  readonly watch: ZnodeWatch;
}

const NO_SIGNAL = new AbortController().signal;
const NEVER = new Promise<never>(() => {});

/**
 * Shares a set of items out among its members: each item to one of them, evenly. When somebody joins or leaves, all are
 * given back and shared out anew.
 *
 * Each item is a lock, so no two members have an item at once, as the servers see it: not even while they see different
 * members.
 *
 * **When the session is lost**, the items of its member go to the others. The `signal` of the share is aborted, in
 * doubt before that, and `shares` throws HOLD_LOST or SESSION_EXPIRED; a new client may begin again. A lost connection
 * alone is waited out.
 *
 * **Other libraries**: it is laid out like Kazoo's `SetPartitioner`, whose members take part when all identifiers
 * differ and all items are the same.
 */
export class Partitioner {
  readonly #client: ZookeeperClient;
  readonly #path: string;
  readonly #items: readonly string[];
  readonly #identifier: string;
  readonly #quietMs: number;
  readonly #acl: { readonly acl?: Acl };
  readonly #what: string;

  /** Throws BAD_REQUEST for options that are wrong. */
  constructor(client: ZookeeperClient, path: string, options: PartitionerOptions) {
    const { items, identifier = `${hostname()}-${process.pid}`, quietMs = 2_000, acl } = options;
    const problem =
      pathProblem(path, false) ??
      limitProblem('quietMs', quietMs, 0) ??
      [...items, identifier].map((name) => nameProblem(path, name)).find((found) => found !== undefined);
    if (problem !== undefined) throw problem;
    this.#client = client;
    this.#path = path;
    this.#items = [...new Set(items)].sort();
    this.#identifier = identifier;
    this.#quietMs = quietMs;
    this.#acl = acl === undefined ? {} : { acl };
    this.#what = `partitioner ${path}`;
  }

  /**
   * Joins, and yields one share after the other. A share is had until its `signal` is aborted *and* the next one is
   * asked for: the body of the loop ends its work on the items, and only then are they given back. Ends when the
   * caller's signal is aborted, or the loop is left; then this member has left, too.
   */
  async *shares({ signal = NO_SIGNAL }: SignalOptions = {}): AsyncGenerator<Share, void> {
    try {
      await using me = await this.#join(signal);
      const either = AbortSignal.any([signal, me.signal]);
      for (;;) {
        const { mine, changed, watch } = await this.#settled(me, either);
        const over = AbortSignal.any([either, changed]);
        try {
          await using share = await this.#lockAll(mine, over).catch((error: unknown) => {
            if (changed.aborted && !either.aborted) return undefined;
            throw error;
          });
          if (share === undefined) continue;
          yield share;
          if (!share.signal.aborted) await orAborted(NEVER, share.signal).catch(() => {});
        } finally {
          await watch.close();
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Named as Kazoo's ShallowParty does: the identifier stands behind the first hyphen. */
  #join(signal: AbortSignal): Promise<Hold> {
    const znode = {
      parent: childOf(this.#path, 'party'),
      prefix: `${randomUUID().replaceAll('-', '')}-`,
      name: this.#identifier,
      sequential: false,
      data: Buffer.from(this.#identifier),
      ...this.#acl,
    };
    return holdOwn(this.#what, this.#client, znode, signal);
  }

  /** Waits until nobody has joined or left for a while. */
  async #settled(me: Hold, signal: AbortSignal): Promise<Settlement> {
    for (;;) {
      const { children, watch } = await watchedChildren(this.#client, childOf(this.#path, 'party'), this.#acl, signal);
      const changed = new AbortController();
      void untilFired(watch, signal).then(
        () => changed.abort(new HoldLostError(this.#what, 'changed')),
        (error: unknown) => changed.abort(error),
      );
      await sleep(this.#quietMs, undefined, { signal: changed.signal }).catch(() => {});
      signal.throwIfAborted();
      const mine = this.#shareOf(me.path.slice(me.path.lastIndexOf('/') + 1), children);
      if (!changed.signal.aborted && mine !== undefined) return { mine, changed: changed.signal, watch };
      await watch.close();
    }
  }

  /** Every so-manyth item, from the place of the member on. Undefined when the member is not among them. */
  #shareOf(name: string, members: readonly string[]): readonly string[] | undefined {
    const keyOf = (member: string) => `${member.slice(member.indexOf('-') + 1)}\0${member}`;
    const place = members.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)).indexOf(name);
    return place < 0 ? undefined : this.#items.filter((_, index) => index % members.length === place);
  }

  async #lockAll(items: readonly string[], signal: AbortSignal): Promise<Share> {
    const stop = new AbortController();
    const all = AbortSignal.any([signal, stop.signal]);
    setMaxListeners(0, all);
    const acquire = async (item: string): Promise<readonly [string, Hold]> => {
      const path = childOf(childOf(this.#path, 'locks'), item);
      const lock = new Lock(this.#client, path, { identifier: this.#identifier, ...this.#acl });
      return [item, await lock.acquire({ signal: all })];
    };
    const results = await Promise.allSettled(
      items.map((item) =>
        acquire(item).catch((error: unknown) => {
          stop.abort(error);
          throw error;
        }),
      ),
    );
    const holds = new Map(results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])));
    const share = new Share(holds, AbortSignal.any([signal, ...[...holds.values()].map((hold) => hold.signal)]));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed === undefined) return share;
    await share[Symbol.asyncDispose]();
    throw failed.reason;
  }
}

function nameProblem(path: string, name: string): ZookeeperError | undefined {
  if (name !== '' && !name.includes('/')) return pathProblem(childOf(path, name), false);
  return new ZookeeperError('BAD_REQUEST', `${JSON.stringify(name)} is not the name of a znode`);
}
