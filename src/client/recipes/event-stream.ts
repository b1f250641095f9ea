// SPDX-License-Identifier: Apache-2.0

/** The reader was too slow: this many events that stood here are lost. */
export interface LostEvents {
  readonly kind: 'overflow';
  readonly lost: number;
}

const DONE = { done: true, value: undefined } as const;

/** Events for one reader, up to a number of unread ones. To leave a `for await` loop ends it. */
export class EventStream<Event> implements AsyncIterableIterator<Event | LostEvents, undefined> {
  readonly #maxUnread: number;
  readonly #onEnd: (stream: EventStream<Event>) => void;
  readonly #unread: Event[] = [];
  #lost = 0;
  #isEnded = false;
  #readers: ((result: IteratorResult<Event, undefined>) => void)[] = [];

  constructor(maxUnread: number, onEnd: (stream: EventStream<Event>) => void) {
    this.#maxUnread = maxUnread;
    this.#onEnd = onEnd;
  }

  add(event: Event): void {
    if (this.#isEnded) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader({ done: false, value: event });
      return;
    }
    this.#unread.push(event);
    if (this.#unread.length <= this.#maxUnread) return;
    this.#unread.shift();
    this.#lost += 1;
  }

  /** No event comes any more; what is unread can still be read. */
  finish(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const reader of this.#readers) reader(DONE);
    this.#readers = [];
    this.#onEnd(this);
  }

  next(): Promise<IteratorResult<Event | LostEvents, undefined>> {
    if (this.#lost > 0) {
      const value = { kind: 'overflow', lost: this.#lost } as const;
      this.#lost = 0;
      return Promise.resolve({ done: false, value });
    }
    const event = this.#unread.shift();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.#isEnded) return Promise.resolve(DONE);
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  return(): Promise<IteratorResult<Event, undefined>> {
    this.#unread.length = 0;
    this.#lost = 0;
    this.finish();
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
