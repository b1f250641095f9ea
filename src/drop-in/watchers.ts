// SPDX-License-Identifier: Apache-2.0
import type { ZnodeWatch } from '../client/index.ts';
import type { Watcher } from './api.ts';
import { eventOf } from './conversions.ts';

/** Watchers are called once. One that is there already, for the same znode and the same kind of watch, is not added. */
export class Watchers {
  readonly #waiting = new Map<string, Set<Watcher>>();

  add(watch: ZnodeWatch, watcher: Watcher): void {
    const key = `${watch.kind} ${watch.path}`;
    const waiting = this.#waiting.get(key) ?? new Set();
    if (waiting.has(watcher)) {
      void watch.close();
      return;
    }
    this.#waiting.set(key, waiting.add(watcher));
    void this.#follow(key, watch, watcher);
  }

  /** Losses of the connection are passed over: the watch is set again. It ends without a call with the session. */
  async #follow(key: string, watch: ZnodeWatch, watcher: Watcher): Promise<void> {
    for await (const event of watch) {
      if (!('path' in event)) continue;
      this.#remove(key, watcher);
      // What it throws is an uncaught exception.
      queueMicrotask(() => watcher(eventOf(event)));
      return;
    }
    this.#remove(key, watcher);
  }

  #remove(key: string, watcher: Watcher): void {
    const waiting = this.#waiting.get(key);
    waiting?.delete(watcher);
    if (waiting?.size === 0) this.#waiting.delete(key);
  }
}
