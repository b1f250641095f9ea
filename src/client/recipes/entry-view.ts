// SPDX-License-Identifier: Apache-2.0
import type { ZookeeperClient } from '../client.ts';
import { ClientClosedError, toError } from '../errors.ts';
import { retry } from '../retry.ts';
import type { WatchEvent } from '../watch-event.ts';
import type { EntryPlaces } from './entry-places.ts';
import { known } from './fresh-read.ts';

/** What the name of an entry says. */
export interface NamedEntry {
  readonly name: string;
}

/** Which names are entries, and in which order they are taken. */
export interface EntryOrder<Entry extends NamedEntry> {
  /** Undefined for a name of another form. */
  parse(name: string): Entry | undefined;
  compare(a: Entry, b: Entry): number;
}

/** Who hears of what the view sees. */
interface EntryViewListener {
  /** The owner's znode of an entry is deleted. */
  ownerGone(name: string): void;
  /** Everything was read again: these entries have owners. */
  ownersRead(owned: ReadonlySet<string>): void;
  /** The view follows no longer. */
  ended(cause: Error): void;
}

/** With more unread events than this, everything is read again. */
const MAX_UNREAD = 100_000;
/** Reads are tried again for this long, which is how long a client looks for a server. */
const READ_LIMIT_MS = 600_000;

/**
 * Which entries wait for an owner, in their order. It reads all names once, and then follows a recursive watch; after a
 * lost connection it reads them again. What it shows may be late, so whoever takes one has to let the servers decide.
 */
export class EntryView<Entry extends NamedEntry> {
  readonly #client: ZookeeperClient;
  readonly #places: EntryPlaces;
  readonly #order: EntryOrder<Entry>;
  readonly #listener: EntryViewListener;
  readonly #stop = new AbortController();
  readonly #entries = new Map<string, Entry>();
  readonly #owned = new Set<string>();
  /** Entries without an owner, in their order. */
  #free: Entry[] = [];
  readonly #reserved = new Set<string>();
  #isCurrent = false;
  #endCause: Error | undefined;
  readonly #waiters = new Set<() => void>();

  constructor(client: ZookeeperClient, places: EntryPlaces, order: EntryOrder<Entry>, listener: EntryViewListener) {
    this.#client = client;
    this.#places = places;
    this.#order = order;
    this.#listener = listener;
    void this.#follow();
  }

  /** It has ended, and shows nothing more. */
  get endCause(): Error | undefined {
    return this.#endCause;
  }

  /** The view was read on this connection, and followed since. */
  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  /** The first entry that waits; nobody else here gets it until the view sees that it changes, or `unreserve`. */
  reserve(): Entry | undefined {
    if (!this.#isCurrent) return undefined;
    const entry = this.#free.find(({ name }) => !this.#reserved.has(name));
    if (entry !== undefined) this.#reserved.add(entry.name);
    return entry;
  }

  unreserve(name: string): void {
    if (this.#reserved.delete(name)) this.#wake();
  }

  /** Resolves at the next change, at the end of the view, or when the signal is aborted. */
  change(signal: AbortSignal): Promise<void> {
    if (this.#endCause !== undefined || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        this.#waiters.delete(done);
        resolve();
      };
      signal.addEventListener('abort', done, { once: true });
      this.#waiters.add(done);
    });
  }

  close(cause: Error): void {
    this.#end(cause);
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    const options = { recursive: true, maxUnread: MAX_UNREAD, signal };
    try {
      const watch = await this.#tried(() => this.#client.watch(this.#places.root, options));
      await this.#read();
      for await (const event of watch) await this.#onEvent(event);
      throw new ClientClosedError('the watch of the queue has ended');
    } catch (error) {
      this.#end(toError(error));
    }
  }

  async #onEvent(event: WatchEvent): Promise<void> {
    switch (event.kind) {
      case 'created':
      case 'deleted':
        this.#onZnode(event.path, event.kind === 'created');
        return;
      case 'disconnected':
        this.#isCurrent = false;
        return;
      case 'rearmed':
      case 'overflow':
        return this.#read();
      case 'expired':
      case 'closed':
        throw event.cause ?? new ClientClosedError('the client is closed');
      case 'removed':
        throw new ClientClosedError('somebody has removed the watch of the queue');
    }
  }

  #onZnode(path: string, isThere: boolean): void {
    const { entries, owners } = this.#places;
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (path === `${entries}/${name}`) {
      const entry = isThere ? this.#order.parse(name) : undefined;
      if (entry === undefined) this.#entries.delete(name);
      else this.#entries.set(name, entry);
    } else if (path === `${owners}/${name}`) {
      if (isThere) this.#owned.add(name);
      else this.#owned.delete(name);
      if (!isThere) this.#listener.ownerGone(name);
    } else {
      return;
    }
    this.#place(name, this.#order.parse(name));
  }

  /** Puts the entry among those that wait, or takes it out. */
  #place(name: string, entry: Entry | undefined): void {
    if (entry === undefined) return;
    this.#reserved.delete(name);
    const waits = this.#entries.has(name) && !this.#owned.has(name);
    const at = this.#placeOf(entry);
    const isListed = this.#free[at]?.name === name;
    if (waits === isListed) return;
    if (isListed) this.#free.splice(at, 1);
    else this.#free.splice(at, 0, entry);
    if (waits) this.#wake();
  }

  /** Where the entry stands or would stand. */
  #placeOf(entry: Entry): number {
    let low = 0;
    let high = this.#free.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#free[middle];
      if (other !== undefined && this.#order.compare(other, entry) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  async #read(): Promise<void> {
    const { entries, owners } = this.#places;
    const read = () =>
      this.#client.multiRead(
        [
          { kind: 'getChildren', path: entries },
          { kind: 'getChildren', path: owners },
        ],
        { signal: this.#stop.signal },
      );
    const [names, owned] = await this.#tried(read);
    this.#entries.clear();
    this.#owned.clear();
    this.#reserved.clear();
    for (const name of known(names) ?? []) {
      const entry = this.#order.parse(name);
      if (entry !== undefined) this.#entries.set(name, entry);
    }
    for (const name of known(owned) ?? []) this.#owned.add(name);
    this.#free = [...this.#entries.values()].filter(({ name }) => !this.#owned.has(name)).sort(this.#order.compare);
    this.#isCurrent = true;
    this.#listener.ownersRead(this.#owned);
    this.#wake();
  }

  #tried<Result>(request: () => Promise<Result>): Promise<Result> {
    const policy = { delayMs: 20, maxDelayMs: 1_000, deadlineMs: READ_LIMIT_MS };
    return retry(request, policy, { signal: this.#stop.signal });
  }

  #end(cause: Error): void {
    if (this.#endCause !== undefined) return;
    this.#endCause = cause;
    this.#isCurrent = false;
    this.#stop.abort(cause);
    this.#listener.ended(cause);
    this.#wake();
  }

  #wake(): void {
    for (const waiter of [...this.#waiters]) waiter();
  }
}
