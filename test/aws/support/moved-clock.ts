// SPDX-License-Identifier: Apache-2.0
import type { CallClock } from '../../../src/aws/deadline.ts';

interface Due {
  readonly atMs: number;
  readonly run: () => void;
}

/** A clock that stands until the test moves it. A pause moves it itself, since nobody does anything in a pause. */
export class MovedClock implements CallClock {
  #nowMs = 0;
  readonly #due = new Set<Due>();

  move(ms: number): void {
    this.#nowMs += ms;
    const passed = [...this.#due].filter(({ atMs }) => atMs <= this.#nowMs).sort((a, b) => a.atMs - b.atMs);
    for (const due of passed) {
      // What is run may take back what follows.
      if (this.#due.delete(due)) due.run();
    }
  }

  after(ms: number, run: () => void): () => void {
    const due = { atMs: this.#nowMs + ms, run };
    this.#due.add(due);
    return () => void this.#due.delete(due);
  }

  async pause(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.move(ms);
    signal.throwIfAborted();
  }
}
