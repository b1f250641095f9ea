// SPDX-License-Identifier: Apache-2.0
/** More than this is worth a write. */
const ENOUGH_BYTES = 8 * 1024;
/** With so many requests in flight, the server has enough to do meanwhile. */
const ENOUGH_IN_FLIGHT = 128;
const MAX_TURNS = 4;

/**
 * Under load, small requests gather for a few turns of the event loop: one large write costs client and server less
 * than several small ones. A turn in which no answer came sends them, so they never wait for the network.
 */
export class GatheredBatch {
  #answersCame = false;
  #turns = 0;

  answersCame(): void {
    this.#answersCame = true;
  }

  /** Called once in a turn. True: look again in the next turn, when more requests may have come. */
  waits(bytes: number, inFlight: number): boolean {
    const isMoreToCome = this.#answersCame && bytes < ENOUGH_BYTES && inFlight >= ENOUGH_IN_FLIGHT;
    this.#answersCame = false;
    this.#turns = isMoreToCome && this.#turns < MAX_TURNS ? this.#turns + 1 : 0;
    return this.#turns > 0;
  }
}
