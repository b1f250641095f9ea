// SPDX-License-Identifier: Apache-2.0

/** The reader was too slow: this many events that stood here are lost. */
export interface LostEvents {
  readonly kind: 'overflow';
  readonly lost: number;
}

type Reader<Event> = (result: IteratorResult<Event | LostEvents, undefined>) => void;

export const DONE = { done: true, value: undefined } as const;

/**
 * Events for one reader, up to a number of unread ones. Of more, the oldest are lost, and the reader is told how many.
 */
export class EventQueue<Event> {
  readonly #maxUnread: number;
  readonly #unread: Event[] = [];
  #lost = 0;
  #isEnded = false;
  #readers: Reader<Event>[] = [];

  constructor(maxUnread: number) {
    this.#maxUnread = maxUnread;
  }

  get isEnded(): boolean {
    return this.#isEnded;
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
  end(): void {
    this.#isEnded = true;
    for (const reader of this.#readers) reader(DONE);
    this.#readers = [];
  }

  /** Nobody reads what is unread. */
  forget(): void {
    this.#unread.length = 0;
    this.#lost = 0;
  }

  /** The next event, as soon as there is one. It is done when no event will come. */
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
}
