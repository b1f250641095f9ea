// SPDX-License-Identifier: Apache-2.0
import { appendFileSync, renameSync, statSync } from 'node:fs';

const LIMIT_BYTES = 1_048_576;

/**
 * The console output of a machine. A full file is renamed to `.1` and replaces the last one, so there are at most two.
 */
export class ConsoleLog {
  readonly path: string;
  #sizeBytes: number;
  #open = true;

  constructor(path: string) {
    this.path = path;
    this.#sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }

  open(): void {
    this.#open = true;
  }

  /** After a power cut, output comes from the programs that ran the machine, not from the machine. */
  close(): void {
    this.#open = false;
  }

  write(chunk: Buffer): void {
    if (!this.#open) return;
    if (this.#sizeBytes > 0 && this.#sizeBytes + chunk.length > LIMIT_BYTES) {
      renameSync(this.path, `${this.path}.1`);
      this.#sizeBytes = 0;
    }
    appendFileSync(this.path, chunk, { mode: 0o600 });
    this.#sizeBytes += chunk.length;
  }
}
