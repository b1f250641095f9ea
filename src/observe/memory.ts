// SPDX-License-Identifier: Apache-2.0
/**
 * What one process remembers between two looks: where the ensemble was found, and since when facts stand unchanged. All
 * of it may be lost at any time. Then the next look only takes longer, or a wait begins anew.
 */

import type { ReportRest, Watch } from '../model/observation.ts';
import { Idleness } from './idleness.ts';

/** Between two writings of the same report: the first time, and the longest. The time doubles with each writing. */
const FIRST_REST_MS = 4_000;
const LONGEST_REST_MS = 60_000;

export class Memory {
  /** Addresses at which a member of this cluster was found before. */
  addresses: readonly string[] = [];
  /** The node's Auto Scaling group, once it is known. */
  group: string | undefined;
  readonly idleness = new Idleness();
  #watch: { digest: string; sinceMs: number } | undefined;
  #report: { readonly digest: string; readonly restMs: number; readonly untilMs: number } | undefined;
  readonly #unclaimedSinceMs = new Map<string, number>();

  /** Notes what the last decision watches. Other facts, or none, start the time anew. */
  keepWatch(digest: string | undefined, monotonicMs: number): void {
    if (digest === undefined) this.#watch = undefined;
    else if (this.#watch?.digest !== digest) this.#watch = { digest, sinceMs: monotonicMs };
  }

  watch(monotonicMs: number): Watch | undefined {
    return this.#watch && { digest: this.#watch.digest, forMs: monotonicMs - this.#watch.sinceMs };
  }

  /**
   * A report of these facts was written. The same report is not written again at once, and then less and less often.
   */
  reported(digest: string, monotonicMs: number): void {
    const again = this.#report?.digest === digest && monotonicMs < this.#report.untilMs + LONGEST_REST_MS;
    const restMs = again && this.#report ? Math.min(LONGEST_REST_MS, this.#report.restMs * 2) : FIRST_REST_MS;
    this.#report = { digest, restMs, untilMs: monotonicMs + restMs };
  }

  reportRest(monotonicMs: number): ReportRest | undefined {
    if (!this.#report || this.#report.untilMs <= monotonicMs) return undefined;
    return { digest: this.#report.digest, forMs: this.#report.untilMs - monotonicMs };
  }

  /** For how long each of these instances has been listed without a claim. All other instances are forgotten. */
  unclaimedForMs(instances: readonly string[], monotonicMs: number): Record<string, number> {
    for (const known of [...this.#unclaimedSinceMs.keys()]) {
      if (!instances.includes(known)) this.#unclaimedSinceMs.delete(known);
    }
    const ages: Record<string, number> = {};
    for (const instance of instances) {
      const sinceMs = this.#unclaimedSinceMs.get(instance) ?? monotonicMs;
      this.#unclaimedSinceMs.set(instance, sinceMs);
      ages[instance] = monotonicMs - sinceMs;
    }
    return ages;
  }
}
