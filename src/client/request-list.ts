// SPDX-License-Identifier: Apache-2.0
import type { PendingRequest } from './request.ts';

/** Requests, oldest first. Adding one, taking the first and removing any one are all O(1). */
export class RequestList {
  #first: PendingRequest | undefined;
  #last: PendingRequest | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): PendingRequest | undefined {
    return this.#first;
  }

  push(request: PendingRequest): void {
    request.list = this;
    request.next = undefined;
    request.previous = this.#last;
    if (this.#last === undefined) this.#first = request;
    else this.#last.next = request;
    this.#last = request;
    this.#size += 1;
  }

  shift(): PendingRequest | undefined {
    const request = this.#first;
    if (request !== undefined) this.remove(request);
    return request;
  }

  remove(request: PendingRequest): void {
    if (request.list !== this) return;
    if (request.previous === undefined) this.#first = request.next;
    else request.previous.next = request.next;
    if (request.next === undefined) this.#last = request.previous;
    else request.next.previous = request.previous;
    request.list = undefined;
    request.next = undefined;
    request.previous = undefined;
    this.#size -= 1;
  }

  /** Empties the list; each request ends without an answer. */
  cancelAll(cause: unknown): void {
    for (let request = this.shift(); request !== undefined; request = this.shift()) request.cancel(cause);
  }

  /** Ends the requests without a limit of their own that were made before the given time; the oldest stand first. */
  cancelOlder(thanMs: number, cause: (request: PendingRequest) => unknown): void {
    let request = this.#first;
    while (request !== undefined && request.enqueuedAtMs < thanMs) {
      const next: PendingRequest | undefined = request.next;
      if (!request.settled && !request.hasOwnLimit) request.cancel(cause(request));
      request = next;
    }
  }
}
