// SPDX-License-Identifier: Apache-2.0
/**
 * A process with many tree caches, each with a client of its own. It takes a `HolderOrder` as JSON for its argument,
 * and answers `HolderQuestion`s of its parent.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, TreeCache, type TreeEvent } from '../../../src/client/index.ts';
import { SentRequests } from './sent-requests.ts';

export interface HolderOrder {
  readonly servers: string;
  readonly path: string;
  readonly caches: number;
  readonly sessionTimeoutMs: number;
  readonly limitMs: number;
}

/** Once everything has the wanted data, and no request was sent for a while: what it took. */
export interface HolderQuestion {
  readonly paths: readonly string[];
  readonly data: string;
}

export interface HolderAnswer {
  /** In all caches together. */
  readonly znodes: number;
  readonly rssBytes: number;
  /** Since the answer before. */
  readonly requests: number;
  readonly watchBatches: number;
  /** Caches that lost their connection since they were opened. */
  readonly disconnected: number;
}

const OPENED_AT_ONCE = 4;
const QUIET_MS = 1_000;
const LOOK_MS = 50;

class Holder {
  readonly #sent = new SentRequests();
  readonly #caches: TreeCache[] = [];
  readonly #limitMs: number;
  #disconnected = 0;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  async open({ servers, path, caches, sessionTimeoutMs, limitMs }: HolderOrder): Promise<HolderAnswer> {
    let left = caches;
    const worker = async (): Promise<void> => {
      while (left-- > 0) {
        const client = await connect({ servers, sessionTimeoutMs, connectLimitMs: limitMs });
        const cache = await TreeCache.open(client, path, {}, { timeoutMs: limitMs });
        this.#caches.push(cache);
        void this.#follow(cache.events());
      }
    };
    await Promise.all(Array.from({ length: OPENED_AT_ONCE }, worker));
    return this.#answer();
  }

  async quiet({ paths, data }: HolderQuestion): Promise<HolderAnswer> {
    const isThere = (cache: TreeCache): boolean =>
      cache.isCurrent && paths.every((path) => cache.get(path)?.data.toString() === data);
    await this.#until(() => this.#caches.every(isThere));
    let sent = -1;
    while (sent !== this.#sent.requests) {
      sent = this.#sent.requests;
      await sleep(QUIET_MS);
    }
    return this.#answer();
  }

  async #follow(events: AsyncIterable<TreeEvent | { readonly kind: 'overflow' }>): Promise<void> {
    for await (const { kind } of events) {
      if (kind !== 'disconnected') continue;
      this.#disconnected += 1;
      return;
    }
  }

  async #until(isSo: () => boolean): Promise<void> {
    const endMs = performance.now() + this.#limitMs;
    while (!isSo()) {
      if (performance.now() > endMs) throw new Error(`After ${this.#limitMs} ms not every cache has what changed.`);
      await sleep(LOOK_MS);
    }
  }

  #answer(): HolderAnswer {
    const znodes = this.#caches.reduce((sum, { size }) => sum + size, 0);
    const rssBytes = process.memoryUsage.rss();
    return { znodes, rssBytes, disconnected: this.#disconnected, ...this.#sent.take() };
  }
}

const order = JSON.parse(process.argv[2] ?? '') as HolderOrder;
const holder = new Holder(order.limitMs);
process.on('message', (question: HolderQuestion) => {
  void holder.quiet(question).then((answer) => process.send?.(answer));
});
process.on('disconnect', () => process.exit());
process.send?.(await holder.open(order));
