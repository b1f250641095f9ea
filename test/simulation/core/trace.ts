// SPDX-License-Identifier: Apache-2.0
import type { Scheduler } from './scheduler.ts';

/** What happened, line by line. Only a digest is kept unless somebody wants to read it. */
export class Trace {
  readonly #scheduler: Scheduler;
  readonly #write: ((line: string) => void) | undefined;
  #digest = 0x811c9dc5;
  #lines = 0;

  constructor(scheduler: Scheduler, write?: (line: string) => void) {
    this.#scheduler = scheduler;
    this.#write = write;
  }

  get wanted(): boolean {
    return this.#write !== undefined;
  }

  /** `detail` is a function, since making the text costs time. */
  line(who: string, what: string, detail?: () => string): void {
    this.#lines++;
    // The lengths alone, since reading a text that was just put together costs more than all the rest of the line.
    this.#mix(who.length);
    this.#mix(what.length);
    this.#mix(Math.round(this.#scheduler.nowMs * 1_000));
    if (this.#write) {
      const time = (this.#scheduler.nowMs / 1000).toFixed(3).padStart(9);
      this.#write(`${time} ${who.padEnd(6)} ${what}${detail ? ` ${detail()}` : ''}`);
    }
  }

  /** Two histories of the same seed have the same digest (FNV-1a over the lengths of every line and its time). */
  digest(): string {
    return `${this.#lines}-${(this.#digest >>> 0).toString(16).padStart(8, '0')}`;
  }

  #mix(number: number): void {
    this.#digest = Math.imul(this.#digest ^ number, 0x01000193);
  }
}
