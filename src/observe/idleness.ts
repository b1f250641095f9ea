// SPDX-License-Identifier: Apache-2.0
/** For how long the server's process has done almost nothing, as one process of the agent has seen it. */
import type { Work } from '../ports.ts';

/** A server that only looks for its leader stays far below both. One that loads its data is above one of them. */
const BUSY_SHARE = 0.25;
const BUSY_BYTES_PER_MS = 1_048;
/** Two looks that follow each other at once tell nothing. */
const LEAST_SPAN_MS = 200;
/** Nor do two that are further apart: the machine may have stood still in between, and its server with it. */
const MOST_SPAN_MS = 30_000;

export class Idleness {
  #seen: (Work & { readonly atMs: number }) | undefined;
  #workedAtMs = 0;

  /** `work` is what the process has done since its start. Returns 0 for a new process, and where nothing is known. */
  forMs(work: Work | undefined, monotonicMs: number): number {
    const before = this.#seen;
    const isApart = before !== undefined && monotonicMs - before.atMs > MOST_SPAN_MS;
    if (!work || !before || isApart || work.cpuMs < before.cpuMs) {
      this.#seen = work && { ...work, atMs: monotonicMs };
      this.#workedAtMs = monotonicMs;
      return 0;
    }
    const spanMs = monotonicMs - before.atMs;
    if (spanMs >= LEAST_SPAN_MS) {
      const cpuMs = work.cpuMs - before.cpuMs;
      const bytes = work.bytes - before.bytes;
      if (cpuMs >= spanMs * BUSY_SHARE || bytes >= spanMs * BUSY_BYTES_PER_MS) this.#workedAtMs = monotonicMs;
      this.#seen = { ...work, atMs: monotonicMs };
    }
    return monotonicMs - this.#workedAtMs;
  }
}
