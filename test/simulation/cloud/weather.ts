// SPDX-License-Identifier: Apache-2.0
/** How AWS behaves at the moment: what happens to a call, drawn from the seed. */
import type { Random } from '../core/random.ts';
import type { Scheduler } from '../core/scheduler.ts';

export type Service = 'metadata' | 'ec2' | 'autoscaling' | 'cloudformation' | 'logs' | 's3' | 'route53';
export const SERVICES: readonly Service[] = ['metadata', 'ec2', 'autoscaling', 'logs', 's3'];

/** `lossy`: answers get lost and requests arrive late. `empty`: EC2 answers with nothing where there is something. */
export type Sky = 'outage' | 'throttle' | 'slow' | 'empty' | 'lossy';
export const SKIES: readonly Sky[] = ['outage', 'throttle', 'slow', 'empty', 'lossy'];

/**
 * `refused`: nothing happened, and the caller knows nothing. `lost`: it happened, and the answer was lost.
 * `late`: the caller gives up, and it happens later. `empty`: an answer without the facts.
 */
export type Fate = 'answered' | 'refused' | 'lost' | 'late' | 'empty';

export class Weather {
  readonly #random: Random;
  readonly #scheduler: Scheduler;
  readonly #until = new Map<Service, Map<Sky, number>>();
  /** Share of calls that meet with a small accident under a clear sky. */
  accidents = 0;

  constructor(random: Random, scheduler: Scheduler) {
    this.#random = random;
    this.#scheduler = scheduler;
  }

  set(service: Service, sky: Sky, forMs: number): void {
    const skies = this.#until.get(service) ?? new Map<Sky, number>();
    this.#until.set(service, skies.set(sky, this.#scheduler.nowMs + forMs));
  }

  clear(): void {
    this.#until.clear();
    this.accidents = 0;
  }

  #is(service: Service, sky: Sky): boolean {
    return (this.#until.get(service)?.get(sky) ?? 0) > this.#scheduler.nowMs;
  }

  latencyMs(service: Service): number {
    if (this.#is(service, 'slow')) return this.#random.between(500, 12_000);
    return service === 'metadata' ? this.#random.between(1, 10) : this.#random.between(8, 80);
  }

  fate(service: Service): Fate {
    if (this.#is(service, 'outage')) return this.#random.chance(0.1) ? 'late' : 'refused';
    if (this.#is(service, 'throttle') && this.#random.chance(0.5)) return 'refused';
    if (this.#is(service, 'lossy') && this.#random.chance(0.35)) return this.#random.chance(0.5) ? 'lost' : 'late';
    if (this.#is(service, 'empty') && this.#random.chance(0.7)) return 'empty';
    if (!this.#random.chance(this.accidents)) return 'answered';
    return this.#random.weighted({ refused: 4, lost: 3, late: 2, empty: 1 });
  }
}
