/** S3 under the cluster's prefix: atomic conditional writes, strongly consistent; an etag is a digest of the body. */
import type { StoredObject } from '../../../src/ports.ts';
import type { Scheduler } from '../core/scheduler.ts';

export class Objects {
  readonly #stored = new Map<string, { readonly body: string; readonly atMs: number }>();
  readonly #scheduler: Scheduler;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  get(key: string): StoredObject | undefined {
    const found = this.#stored.get(key);
    return found && { key, body: found.body, etag: etagOf(found.body), ageMs: this.#scheduler.nowMs - found.atMs };
  }

  list(prefix: string): readonly { readonly key: string; readonly ageMs: number }[] {
    const nowMs = this.#scheduler.nowMs;
    return [...this.#stored]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, { atMs }]) => ({ key, ageMs: nowMs - atMs }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  createOnce(key: string, body: string): 'created' | 'exists' {
    if (this.#stored.has(key)) return 'exists';
    this.put(key, body);
    return 'created';
  }

  replace(key: string, body: string, etag: string | undefined): 'written' | 'conflict' {
    const found = this.#stored.get(key);
    if (etag === undefined ? found !== undefined : found === undefined || etagOf(found.body) !== etag)
      return 'conflict';
    this.put(key, body);
    return 'written';
  }

  put(key: string, body: string): void {
    this.#stored.set(key, { body, atMs: this.#scheduler.nowMs });
  }

  delete(key: string): void {
    this.#stored.delete(key);
  }
}

function etagOf(body: string): string {
  let digest = 0x811c9dc5;
  for (let i = 0; i < body.length; i++) digest = Math.imul(digest ^ body.charCodeAt(i), 0x01000193);
  return `${body.length}-${(digest >>> 0).toString(16)}`;
}
