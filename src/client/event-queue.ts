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
 *
 * A client may have a million of these, of which most stand empty with one call of `next` that waits. So there are
 * lists only while there is something to list.
 */
export class EventQueue<Event> {
  readonly #maxUnread: number;
  #unread: Event[] | undefined;
  #lost = 0;
  #isEnded = false;
  /** The call of `next` that waits longest. */
  #reader: Reader<Event> | undefined;
  #laterReaders: Reader<Event>[] | undefined;

  constructor(maxUnread: number) {
    this.#maxUnread = maxUnread;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  add(event: Event): void {
    if (this.#isEnded) return;
    const reader = this.#reader;
    if (reader !== undefined) {
      this.#reader = this.#laterReaders?.shift();
      reader({ done: false, value: event });
      return;
    }
    this.#unread ??= [];
    this.#unread.push(event);
    if (this.#unread.length <= this.#maxUnread) return;
    this.#unread.shift();
    this.#lost += 1;
  }

  /** No event comes any more; what is unread can still be read. */
  end(): void {
    this.#isEnded = true;
    this.#reader?.(DONE);
    for (const reader of this.#laterReaders ?? []) reader(DONE);
    this.#reader = undefined;
    this.#laterReaders = undefined;
  }

  /** Nobody reads what is unread. */
  forget(): void {
    this.#unread = undefined;
    this.#lost = 0;
  }

  /** The next event, as soon as there is one. It is done when no event will come. */
  next(): Promise<IteratorResult<Event | LostEvents, undefined>> {
    if (this.#lost > 0) {
      const value = { kind: 'overflow', lost: this.#lost } as const;
      this.#lost = 0;
      return Promise.resolve({ done: false, value });
    }
    const event = this.#shift();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.#isEnded) return Promise.resolve(DONE);
    return new Promise((resolve) => this.#wait(resolve));
  }

  #wait(reader: Reader<Event>): void {
    if (this.#reader === undefined) {
      this.#reader = reader;
      return;
    }
    this.#laterReaders ??= [];
    this.#laterReaders.push(reader);
  }

  #shift(): Event | undefined {
    const event = this.#unread?.shift();
    if (this.#unread?.length === 0) this.#unread = undefined;
    return event;
  }
}
