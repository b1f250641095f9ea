// SPDX-License-Identifier: Apache-2.0
import { DONE, EventQueue, type LostEvents } from '../event-queue.ts';

/** Events for one reader, up to a number of unread ones. To leave a `for await` loop ends it. */
export class EventStream<Event> implements AsyncIterableIterator<Event | LostEvents, undefined> {
  readonly #queue: EventQueue<Event>;
  readonly #onEnd: (stream: EventStream<Event>) => void;

  constructor(maxUnread: number, onEnd: (stream: EventStream<Event>) => void) {
    this.#queue = new EventQueue(maxUnread);
    this.#onEnd = onEnd;
  }

  add(event: Event): void {
    this.#queue.add(event);
  }

  /** No event comes any more; what is unread can still be read. */
  finish(): void {
    if (this.#queue.isEnded) return;
    this.#queue.end();
    this.#onEnd(this);
  }

  next(): Promise<IteratorResult<Event | LostEvents, undefined>> {
    return this.#queue.next();
  }

  return(): Promise<IteratorResult<Event, undefined>> {
    this.#queue.forget();
    this.finish();
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
