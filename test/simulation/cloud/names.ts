// SPDX-License-Identifier: Apache-2.0
/** Route 53 in memory: batches are done as a whole or not at all, and seen by clients a while later. */
import type { NameRecord } from '../../../src/model/names.ts';
import type { Random } from '../core/random.ts';
import { Violation } from '../core/violation.ts';

export function insyncMs(random: Random): number {
  return random.chance(0.1) ? random.between(5_000, 60_000) : random.between(500, 5_000);
}

interface KeptRecord {
  readonly record: NameRecord;
  readonly insyncAtMs: number;
}

export class NameServers {
  /** For a mutation: a write does not look at what was read. */
  unconditional = false;
  /** For a mutation: nobody waits for INSYNC. */
  impatient = false;
  readonly #kept = new Map<string, KeptRecord>();
  /** By place, the highest generation whose owner has written. */
  readonly #written = new Map<string, number>();

  list(): readonly NameRecord[] {
    return [...this.#kept.values()].map(({ record }) => record);
  }

  replace(there: readonly NameRecord[], wanted: readonly NameRecord[], insyncAtMs: number): 'taken' | 'conflict' {
    const after = new Map(this.#kept);
    for (const record of there) {
      const present = after.get(keyOf(record));
      if (this.unconditional) {
        after.delete(keyOf(record));
        continue;
      }
      if (!present || JSON.stringify(sorted(present.record)) !== JSON.stringify(sorted(record))) return 'conflict';
      after.delete(keyOf(record));
    }
    for (const record of wanted) {
      if (after.has(keyOf(record)) && !this.unconditional) return 'conflict';
      after.set(keyOf(record), { record, insyncAtMs });
    }
    this.#check(wanted);
    this.#kept.clear();
    for (const [key, kept] of after) this.#kept.set(key, kept);
    return 'taken';
  }

  /** A person's hand: whatever was there. */
  put(record: NameRecord): void {
    this.#kept.set(keyOf(record), { record, insyncAtMs: 0 });
  }

  delete(record: NameRecord): void {
    this.#kept.delete(keyOf(record));
  }

  /** The address that clients get for this name now; undefined when there is none, or not yet. */
  addressOf(name: string, nowMs: number): string | undefined {
    const kept = this.#kept.get(`${name} `);
    return kept && kept.insyncAtMs <= nowMs ? kept.record.addresses[0] : undefined;
  }

  /** Nobody writes over what the next owner of the place has written. */
  #check(wanted: readonly NameRecord[]): void {
    for (const { identifier } of wanted) {
      const [, place = '', generation] = /^(\d+)\.(\d+)$/.exec(identifier ?? '') ?? [];
      if (generation === undefined) continue;
      const before = this.#written.get(place) ?? 0;
      if (Number(generation) < before) {
        throw new Violation('name-goes-back', `${identifier} is written after ${place}.${before}`);
      }
      this.#written.set(place, Number(generation));
    }
  }
}

function keyOf({ name, identifier = '' }: NameRecord): string {
  return `${name} ${identifier}`;
}

function sorted({ ttlSeconds, addresses }: NameRecord): readonly (string | number)[] {
  return [ttlSeconds, ...[...addresses].sort()];
}
