// SPDX-License-Identifier: Apache-2.0
/** S3 under the cluster's prefix: atomic conditional writes, strongly consistent; an etag is a digest of the body. */
import type { ListedObject, StoredObject } from '../../../src/ports.ts';
import type { Scheduler } from '../core/scheduler.ts';

export class Objects {
  readonly #stored = new Map<string, { readonly body: string; readonly etag: string; readonly atMs: number }>();
  /** In order, as they are listed: agents list far more often than they write. */
  #keys: string[] = [];
  readonly #scheduler: Scheduler;
  /** Keys that no list shows, though S3 promises that it shows all. */
  unlisted: readonly string[] = [];

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  get(key: string): StoredObject | undefined {
    const found = this.#stored.get(key);
    return found && { key, body: found.body, etag: found.etag, ageMs: this.#scheduler.nowMs - found.atMs };
  }

  list(prefix: string): readonly ListedObject[] {
    const nowMs = this.#scheduler.nowMs;
    const listed: ListedObject[] = [];
    for (const key of this.#keys) {
      const stored = this.#stored.get(key);
      if (!stored || !key.startsWith(prefix) || this.unlisted.includes(key)) continue;
      listed.push({ key, etag: stored.etag, ageMs: nowMs - stored.atMs });
    }
    return listed;
  }

  createOnce(key: string, body: string): 'created' | 'exists' {
    if (this.#stored.has(key)) return 'exists';
    this.put(key, body);
    return 'created';
  }

  /** The etag `*`, with which a mutation takes a condition out, fits everything. */
  replace(key: string, body: string, etag: string | undefined): 'written' | 'conflict' {
    const found = this.#stored.get(key);
    if (etag !== '*' && found?.etag !== etag) return 'conflict';
    this.put(key, body);
    return 'written';
  }

  put(key: string, body: string): void {
    if (!this.#stored.has(key)) this.#keys = [...this.#keys, key].sort();
    this.#stored.set(key, { body, etag: etagOf(body), atMs: this.#scheduler.nowMs });
  }

  delete(key: string): void {
    this.#stored.delete(key);
    this.#keys = this.#keys.filter((each) => each !== key);
  }
}

function etagOf(body: string): string {
  let digest = 0x811c9dc5;
  for (let i = 0; i < body.length; i++) digest = Math.imul(digest ^ body.charCodeAt(i), 0x01000193);
  return `${body.length}-${(digest >>> 0).toString(16)}`;
}
