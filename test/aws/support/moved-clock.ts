// SPDX-License-Identifier: Apache-2.0
import type { CallClock } from '../../../src/aws/deadline.ts';
import type { FakeAnswer, FakeAws } from './fake-aws.ts';

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

/** Under this limit of a call, each attempt has a third of it. */
export const LIMITED = { timings: { awsTimeoutMs: 600, metadataTimeoutMs: 60_000 } };
export const ATTEMPT_MS = LIMITED.timings.awsTimeoutMs / 3;

/** These answers in turn. A request that gets none, or half of one, moves the clock to the limit of its attempt. */
export function answersUnder(clock: MovedClock, aws: FakeAws, ...all: [FakeAnswer, ...FakeAnswer[]]): void {
  aws.answer((_, nth) => {
    const answer = all[nth - 1] ?? all.at(-1) ?? all[0];
    if (answer === 'silent') setImmediate(() => clock.move(ATTEMPT_MS));
    // The beginning of the answer should be there by then; if it is not, this is one more that is silent.
    if (answer === 'stalled') setTimeout(() => clock.move(ATTEMPT_MS), 50);
    return answer;
  });
}
