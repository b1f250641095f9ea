// SPDX-License-Identifier: Apache-2.0
import type { Acl } from '../acl.ts';
import type { ZookeeperClient } from '../client.ts';
import { ClientClosedError } from '../errors.ts';
import { pathProblem } from '../path.ts';
import type { CallOptions } from '../request.ts';
import { CallLimit } from './call-limit.ts';
import { ENTRY_ORDER, entryPrefix, type PutOptions } from './entry-name.ts';
import { EntryPlaces } from './entry-places.ts';
import { EntryTaker } from './entry-taker.ts';
import type { NamedEntry } from './entry-view.ts';
import { MadeZnodes } from './made-znodes.ts';
import { applyWithReceipt } from './receipt.ts';
import { retriedRead } from './retried-read.ts';
import { TakenEntry } from './taken-entry.ts';

/** An entry that this client has locked. */
export class LockedEntry extends TakenEntry {
  /** Removes the entry from the queue, for good. */
  consume(call: CallOptions = {}): Promise<void> {
    return this.finish(call, [], { isApplied: ({ entry }) => entry === undefined });
  }
}

/**
 * A queue whose entries stay until they are consumed. Entries of a lower priority number come first, among them the
 * oldest. Kazoo's LockingQueue has the same znodes, so both may be used on one path.
 *
 * | znode | kind | data | meaning |
 * | --- | --- | --- | --- |
 * | `entries/entry-<priority>-<sequence>` | persistent, sequential | the value | the entry is not consumed |
 * | `taken/<the same name>` | ephemeral | an id of this one locking | the entry is locked |
 * | `receipts/<uuid>` | ephemeral | none | a `put` was applied; deleted soon after |
 *
 * To lock, to consume and to put are one transaction each. So a crash loses no entry and doubles none, and an answer
 * that is lost is found out by reading.
 *
 * When the session is lost, its entries are free again in the same moment, and its `get` calls reject. What was put is
 * put. A call of `consume` without an answer may be applied.
 */
export class LockingQueue implements AsyncDisposable {
  /** Of the queue. */
  readonly path: string;
  readonly #client: ZookeeperClient;
  readonly #places: EntryPlaces;
  readonly #receipts: string;
  readonly #acl: Acl | undefined;
  readonly #znodes: MadeZnodes;
  readonly #taker: EntryTaker<NamedEntry, LockedEntry>;
  #closed: Error | undefined;

  /** The queue's znodes are made by the first call that needs them. Throws BAD_REQUEST for a bad path. */
  constructor(client: ZookeeperClient, path: string, options: { readonly acl?: Acl } = {}) {
    const problem = pathProblem(path, false);
    if (problem !== undefined) throw problem;
    this.path = path;
    this.#client = client;
    this.#places = new EntryPlaces(path, 'entries', 'taken');
    this.#receipts = `${path === '/' ? '' : path}/receipts`;
    this.#acl = options.acl;
    this.#znodes = new MadeZnodes(client, [this.#places.entries, this.#places.owners, this.#receipts], options.acl);
    this.#taker = new EntryTaker(client, {
      places: this.#places,
      order: ENTRY_ORDER,
      make: () => this.#znodes.make(),
      taken: (parts) => new LockedEntry(parts),
    });
  }

  /** Puts an entry, once. */
  put(data: Uint8Array, options: PutOptions & CallOptions = {}): Promise<void> {
    return this.putAll([data], options);
  }

  /** Puts all of them, or none: in one transaction. */
  async putAll(values: readonly Uint8Array[], options: PutOptions & CallOptions = {}): Promise<void> {
    const path = this.#places.entry(entryPrefix(options));
    const limit = new CallLimit(options);
    if (this.#closed !== undefined) throw this.#closed;
    if (values.length === 0) return;
    await this.#znodes.make(limit.next());
    const content = { sequential: true, ...(this.#acl === undefined ? {} : { acl: this.#acl }) };
    const parts = values.map((data) => ({ kind: 'create', path, data, ...content }) as const);
    await applyWithReceipt(this.#client, this.#receipts, parts, limit);
  }

  /**
   * Locks the first entry. It waits for one until the limit, 30 s if not given, and then resolves with undefined. With
   * a limit of zero it takes what is there now. An entry that comes after the end of the call is given back.
   */
  get(call: CallOptions = {}): Promise<LockedEntry | undefined> {
    return this.#taker.take(call);
  }

  /** How many entries there are, locked ones included. */
  async size(call: CallOptions = {}): Promise<number> {
    const read = (each: CallOptions) => this.#client.exists(this.#places.entries, each);
    return (await retriedRead('size', new CallLimit(call), read))?.childrenCount ?? 0;
  }

  /** Gives back the entries that this queue locked and that are not consumed. The client stays open. Never rejects. */
  async close(): Promise<void> {
    this.#closed ??= new ClientClosedError('the locking queue is closed');
    await this.#taker.close(this.#closed);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
