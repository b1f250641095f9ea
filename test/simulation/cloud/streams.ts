// SPDX-License-Identifier: Apache-2.0
/**
 * CloudWatch Logs as a place for claims: a stream's name can be created once, and whoever cleans accounts deletes it.
 */
import type { Random } from '../core/random.ts';
import type { Scheduler } from '../core/scheduler.ts';

interface Stream {
  readonly name: string;
  readonly atMs: number;
  readonly listedAtMs: number;
  deletedAtMs: number;
}

export class Streams {
  readonly #made = new Map<string, Stream>();
  #deleted: Stream[] = [];
  readonly #random: Random;
  readonly #scheduler: Scheduler;

  constructor(random: Random, scheduler: Scheduler) {
    this.#random = random;
    this.#scheduler = scheduler;
  }

  get names(): readonly string[] {
    return [...this.#made.keys()];
  }

  create(name: string): 'created' | 'exists' {
    if (this.#made.has(name)) return 'exists';
    const atMs = this.#scheduler.nowMs;
    const listedAtMs = atMs + (this.#random.chance(0.2) ? this.#random.between(0, 5_000) : 0);
    this.#made.set(name, { name, atMs, listedAtMs, deletedAtMs: Number.POSITIVE_INFINITY });
    return 'created';
  }

  /** The agent never does: by a mutation that deletes claims, and by a tool that cleans accounts. */
  delete(name: string): void {
    const stream = this.#made.get(name);
    if (!stream) return;
    this.#made.delete(name);
    stream.deletedAtMs = this.#scheduler.nowMs;
    this.#deleted.push(stream);
  }

  /** As a replica has it that is so far behind. */
  list(lagMs = 0): readonly { readonly name: string; readonly ageMs: number }[] {
    const nowMs = this.#scheduler.nowMs;
    const asOfMs = nowMs - lagMs;
    const all =
      lagMs > 0 && this.#deleted.length > 0 ? [...this.#made.values(), ...this.#deleted] : this.#made.values();
    const listed: { name: string; ageMs: number }[] = [];
    for (const { name, atMs, listedAtMs, deletedAtMs } of all) {
      if (asOfMs >= listedAtMs && asOfMs < deletedAtMs) listed.push({ name, ageMs: nowMs - atMs });
    }
    return listed;
  }
}
