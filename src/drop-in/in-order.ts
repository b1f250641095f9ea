// SPDX-License-Identifier: Apache-2.0

interface Place {
  /** Set once the call has its answer. */
  tell: (() => void) | undefined;
}

/**
 * Tells of calls in the order in which they were made, as the servers answer them. What one of them throws is an
 * uncaught exception, and the others are told all the same.
 */
export class InOrder {
  #places: Place[] = [];
  #onEmpty: (() => void)[] = [];

  /** `done` is called with what the call ended with. */
  run<Reply>(call: () => Promise<Reply>, done: (outcome: CallOutcome<Reply>) => void): void {
    const place: Place = { tell: undefined };
    this.#places.push(place);
    const settle = (outcome: CallOutcome<Reply>) => {
      place.tell = () => done(outcome);
      this.#tellFirst();
    };
    // An error that is thrown at once is one of the call, too.
    Promise.resolve()
      .then(call)
      .then(
        (reply) => settle({ ok: true, reply }),
        (error: unknown) => settle({ ok: false, error }),
      );
  }

  /** Resolves once every call that was made has been told of. */
  empty(): Promise<void> {
    if (this.#places.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty.push(resolve));
  }

  #tellFirst(): void {
    let count = 0;
    for (const { tell } of this.#places) {
      if (tell === undefined) break;
      count += 1;
      queueMicrotask(tell);
    }
    this.#places.splice(0, count);
    if (this.#places.length > 0) return;
    for (const resolve of this.#onEmpty.splice(0)) queueMicrotask(resolve);
  }
}

export type CallOutcome<Reply> =
  | { readonly ok: true; readonly reply: Reply }
  | { readonly ok: false; readonly error: unknown };
