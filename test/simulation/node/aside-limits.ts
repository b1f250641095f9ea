// SPDX-License-Identifier: Apache-2.0
/**
 * Holds an agent to the limits of "Server 4" (docs/protocol.md), by what its process has seen and not by what it notes.
 */
import type { DiskFacts } from '../../../src/model/disk.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { Violation } from '../core/violation.ts';
import type { DiskState } from './disk-state.ts';

const MOST_AN_HOUR = 3;
const HOUR_MS = 3_600_000;
const LEAST_FREE_SHARE = 0.2;

export class AsideLimits {
  readonly #scheduler: Scheduler;
  readonly #disk: DiskState;
  /** Space may go between a look and its step. So it is enough that this process has once seen room. */
  #sawRoom = false;

  constructor(scheduler: Scheduler, disk: DiskState) {
    this.#scheduler = scheduler;
    this.#disk = disk;
  }

  seen(facts: DiskFacts): DiskFacts {
    if ((facts.freeShare ?? 0) >= LEAST_FREE_SHARE) this.#sawRoom = true;
    return facts;
  }

  /** To be called right before data is set aside. */
  check(): void {
    const disk = this.#disk;
    if (!disk.data) return;
    const { nowMs } = this.#scheduler;
    disk.asidesAtMs = [...disk.asidesAtMs.filter((atMs) => nowMs - atMs < HOUR_MS), nowMs];
    if (!this.#sawRoom) throw new Violation('aside-limits', 'data is set aside on a disk that has no fifth left');
    if (disk.asidesAtMs.length > MOST_AN_HOUR) {
      throw new Violation('aside-limits', `data is set aside ${disk.asidesAtMs.length} times within an hour`);
    }
  }
}
