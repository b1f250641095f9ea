// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest, Evaluation } from './evaluate.ts';

/** Requests that differ in nothing but their time, counted together. Plain data: it can be written as JSON. */
export interface RecordedAccess {
  readonly principal: AccessRequest['principal'];
  readonly action: string;
  readonly resource: string;
  /** Condition keys in lower case. */
  readonly context: Readonly<Record<string, readonly string[]>>;
  readonly allowed: boolean;
  readonly because: Evaluation['because'];
  /** The statements that decided, and the condition keys that these look at. */
  readonly statements: readonly string[];
  readonly keys: readonly string[];
  readonly times: number;
}

/** They would make every request one of its own. */
const OF_THE_MOMENT = ['aws:currenttime', 'aws:epochtime'];
const MOST_ENTRIES = 50_000;

/** What roles and the deployer asked for, and which statements decided. */
export class AccessRecord {
  readonly #entries = new Map<string, RecordedAccess>();
  /** Requests beyond the most that are kept apart: a record with some is not whole. */
  dropped = 0;

  add({ principal, action, resource, context }: AccessRequest, decision: Evaluation): void {
    const kept = Object.fromEntries([...context].filter(([key]) => !OF_THE_MOMENT.includes(key)).sort(byKey));
    const { allowed, because, statements, keys } = decision;
    const entry = { principal, action, resource, context: kept, allowed, because, statements, keys };
    const key = JSON.stringify(entry);
    const known = this.#entries.get(key);
    if (known === undefined && this.#entries.size >= MOST_ENTRIES) this.dropped += 1;
    else this.#entries.set(key, { ...entry, times: (known?.times ?? 0) + 1 });
  }

  /** In the order in which each was first seen. */
  list(): readonly RecordedAccess[] {
    return [...this.#entries.values()];
  }

  clear(): void {
    this.#entries.clear();
    this.dropped = 0;
  }
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
