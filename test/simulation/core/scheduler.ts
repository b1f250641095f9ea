// SPDX-License-Identifier: Apache-2.0
/**
 * Virtual time. Events run one at a time, by time and then by the order in which they were planned. After an event
 * that answered an agent, the agent's code runs until it waits for its next port call; so a history depends on nothing
 * but its seed.
 */
interface Event {
  readonly atMs: number;
  readonly serial: number;
  readonly run: () => void;
}

/** Node runs a tick that was asked for among microtasks when none of them is left: without a turn of its event loop. */
function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

export class Scheduler {
  #nowMs = 0;
  #serial = 0;
  #heap: Event[] = [];
  #answered = false;

  get nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): void {
    this.#push({ atMs: this.#nowMs + Math.max(0, delayMs), serial: this.#serial++, run });
  }

  /** To be called by an event that settled a promise somebody may be waiting for. */
  answered(): void {
    this.#answered = true;
  }

  /** Runs events until `stop` says so, the time is reached or nothing is left. */
  async run(untilMs: number, stop: () => boolean): Promise<void> {
    for (;;) {
      const next = this.#heap[0];
      if (!next || next.atMs > untilMs) {
        this.#nowMs = Math.max(this.#nowMs, untilMs);
        return;
      }
      this.#pop();
      this.#nowMs = next.atMs;
      next.run();
      if (this.#answered) {
        this.#answered = false;
        await settled();
      }
      if (stop()) return;
    }
  }

  #before(a: Event, b: Event): boolean {
    return a.atMs < b.atMs || (a.atMs === b.atMs && a.serial < b.serial);
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up] as Event;
      if (!this.#before(event, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= heap.length) break;
      if (down + 1 < heap.length && this.#before(heap[down + 1] as Event, heap[down] as Event)) down++;
      const child = heap[down] as Event;
      if (!this.#before(child, last)) break;
      heap[at] = child;
      at = down;
    }
    heap[at] = last;
  }
}
