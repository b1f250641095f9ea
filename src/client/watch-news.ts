// SPDX-License-Identifier: Apache-2.0
import type { WatchEvent } from './watch-event.ts';

/**
 * What all watches of a session are told: that the connection is lost, that they are set again, that the session has
 * ended. With very many watches, telling each would hold up the event loop. So it is written down here once, and each
 * watch reads on from where it is, before anything newer.
 */
export class WatchNews {
  readonly #kept: WatchEvent[] = [];
  /** How many were forgotten: the number of the first that is kept. */
  #forgotten = 0;

  /** How many there were. The next one has this number. */
  get count(): number {
    return this.#forgotten + this.#kept.length;
  }

  add(event: WatchEvent): void {
    this.#kept.push(event);
  }

  /** Undefined for one that is still to come. */
  at(number: number): WatchEvent | undefined {
    return this.#kept[number - this.#forgotten];
  }

  /** Every watch has read those below this number. */
  forgetBelow(number: number): void {
    this.#kept.splice(0, number - this.#forgotten);
    this.#forgotten = Math.max(this.#forgotten, number);
  }
}
