/** CloudWatch Logs as a place for claims: a stream's name can be created once. */
import type { Random } from '../core/random.ts';
import type { Scheduler } from '../core/scheduler.ts';

export class Streams {
  readonly #made = new Map<string, { readonly atMs: number; readonly listedAtMs: number }>();
  readonly #random: Random;
  readonly #scheduler: Scheduler;

  constructor(random: Random, scheduler: Scheduler) {
    this.#random = random;
    this.#scheduler = scheduler;
  }

  create(name: string): 'created' | 'exists' {
    if (this.#made.has(name)) return 'exists';
    const atMs = this.#scheduler.nowMs;
    const listedAtMs = atMs + (this.#random.chance(0.2) ? this.#random.between(0, 5_000) : 0);
    this.#made.set(name, { atMs, listedAtMs });
    return 'created';
  }

  /** What a mutation needs that deletes claims; the agent never does. */
  delete(name: string): void {
    this.#made.delete(name);
  }

  list(): readonly { readonly name: string; readonly ageMs: number }[] {
    const nowMs = this.#scheduler.nowMs;
    return [...this.#made]
      .filter(([, made]) => nowMs >= made.listedAtMs)
      .map(([name, made]) => ({ name, ageMs: nowMs - made.atMs }));
  }
}
