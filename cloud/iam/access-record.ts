// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest, Evaluation } from './evaluate.ts';

/** Requests that differ only in their time are counted together. Plain data, so it can be written as JSON. */
export interface RecordedAccess {
  readonly principal: AccessRequest['principal'];
  readonly action: string;
  readonly resource: string;
  /** Condition keys in lower case. */
  readonly context: Readonly<Record<string, readonly string[]>>;
  readonly allowed: boolean;
  readonly because: Evaluation['because'];
  /** The statements that decided, and the condition keys in them. */
  readonly statements: readonly string[];
  readonly keys: readonly string[];
  readonly times: number;
}

/** With these keys, every request would be different from all others. */
const OF_THE_MOMENT = ['aws:currenttime', 'aws:epochtime'];
const MOST_ENTRIES = 50_000;

/** The requests of roles and the deployer, and the statements that decided. */
export class AccessRecord {
  readonly #entries = new Map<string, RecordedAccess>();
  /** Requests beyond the limit of distinct ones. With any of these, the record is incomplete. */
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

  /** In the order of their first request. */
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
