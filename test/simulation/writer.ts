// SPDX-License-Identifier: Apache-2.0
/** A client that writes numbered entries through whatever server takes them. */
import type { Random } from './core/random.ts';
import type { Scheduler } from './core/scheduler.ts';
import type { Ensemble } from './zookeeper/ensemble.ts';

const REQUEST_TIMEOUT_MS = 15_000;

export class Writer {
  acknowledged = 0;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #ensemble: Ensemble;
  #next = 1;

  constructor(scheduler: Scheduler, random: Random, ensemble: Ensemble) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#ensemble = ensemble;
    this.#write();
  }

  #write(): void {
    this.#scheduler.after(this.#random.between(1_000, 6_000), () => {
      const ensemble = this.#ensemble;
      const serving = ensemble.servers.filter((server) => server.phase === 'serving');
      if (serving.length > 0) {
        const draft = { kind: 'write', value: this.#next++ } as const;
        const deadlineMs = ensemble.nowMs + REQUEST_TIMEOUT_MS;
        ensemble.requests.submit(ensemble, this.#random.pick(serving), draft, deadlineMs, (outcome) => {
          if (outcome === 'committed') this.acknowledged++;
        });
        ensemble.wake();
      }
      this.#write();
    });
  }
}
