// SPDX-License-Identifier: Apache-2.0
import { DONE, EventQueue } from './event-queue.ts';
import { isLastEvent, type LastWatchEvent, type WatchEvent } from './watch-event.ts';
import type { WatchNews } from './watch-news.ts';

/**
 * What a watch fires for:
 * - `data`: set by a get, or by an exists that found the znode. It fires once, when the znode is set or deleted.
 * - `exist`: set by an exists that found nothing. It fires once, when the znode is created.
 * - `children`: set by a getChildren. It fires once, when a child is created or deleted, or the znode itself is
 *   deleted.
 * - `persistent`: fires each time for all of this, until it is closed.
 * - `recursive`: fires each time a znode at its path or below is created, set or deleted. It never fires for a list of
 *   children.
 */
export type WatchKind = 'data' | 'exist' | 'children' | 'persistent' | 'recursive';

/** The znodes that the reader of a recursive watch keeps in mind. */
export interface HeldZnodes {
  /** Those that it has read. */
  present(): Iterable<string>;
  /** Those that it has found missing. */
  missing(): Iterable<string>;
}

/**
 * The events of one watch, for one reader. A watch for one event ends after it; every watch ends with the session. To
 * leave a `for await` loop closes the watch.
 */
export class ZnodeWatch implements AsyncIterableIterator<WatchEvent, undefined>, AsyncDisposable {
  /** The znode that is watched. */
  readonly path: string;
  /** Of these it hears, after a lost connection, which ones changed. */
  readonly held: HeldZnodes | undefined;
  readonly #queue: EventQueue<WatchEvent>;
  readonly #onClose: (watch: ZnodeWatch) => Promise<void>;
  #kind: WatchKind;
  #news: WatchNews | undefined;
  /** The number of the news that it hears next. */
  #newsHeard = 0;
  #signal: AbortSignal | undefined;

  constructor(
    kind: WatchKind,
    path: string,
    options: { readonly maxUnread: number; readonly held?: HeldZnodes },
    onClose: (watch: ZnodeWatch) => Promise<void>,
  ) {
    this.#kind = kind;
    this.path = path;
    this.held = options.held;
    this.#queue = new EventQueue(options.maxUnread);
    this.#onClose = onClose;
  }

  /** What it fires for. */
  get kind(): WatchKind {
    return this.#kind;
  }

  /**
   * An exists that finds nothing makes a watch of another kind.
   *
   * @internal
   */
  becomes(kind: WatchKind): void {
    this.#kind = kind;
  }

  /** @internal */
  closeOn(signal: AbortSignal): void {
    if (this.#queue.isEnded) return;
    this.#signal = signal;
    signal.addEventListener('abort', this, { once: true });
    if (signal.aborted) this.handleEvent();
  }

  /**
   * The listener for the signal.
   *
   * @internal
   */
  handleEvent(): void {
    void this.close();
  }

  /**
   * From now on it is told all news.
   *
   * @internal
   */
  follow(news: WatchNews): void {
    this.#news = news;
    this.#newsHeard = news.count;
  }

  /**
   * Takes the news that it has not heard yet.
   *
   * @internal
   */
  hear(): void {
    while (!this.#queue.isEnded) {
      const event = this.#news?.at(this.#newsHeard);
      if (event === undefined) return;
      this.#newsHeard += 1;
      this.#queue.add(event);
      if (isLastEvent(event)) this.finish();
    }
  }

  /** @internal */
  add(event: WatchEvent): void {
    this.hear();
    this.#queue.add(event);
  }

  /**
   * No event comes after this one; what is unread can still be read.
   *
   * @internal
   */
  finish(event?: LastWatchEvent): void {
    if (event !== undefined) this.add(event);
    this.#signal?.removeEventListener('abort', this);
    this.#queue.end();
  }

  /** The next event, as soon as there is one. It is done when no event will come. */
  next(): Promise<IteratorResult<WatchEvent, undefined>> {
    this.hear();
    return this.#queue.next();
  }

  /** What a `for await` loop calls when it is left: closes the watch. */
  return(): Promise<IteratorResult<WatchEvent, undefined>> {
    void this.close();
    return Promise.resolve(DONE);
  }

  /** Ends the iteration at once, and resolves when the server sends no more events for it. Never rejects. */
  close(): Promise<void> {
    this.#queue.forget();
    if (this.#queue.isEnded) return Promise.resolve();
    this.finish();
    return this.#onClose(this);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
