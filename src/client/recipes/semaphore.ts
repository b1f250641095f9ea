// SPDX-License-Identifier: Apache-2.0
import type { Acl } from '../acl.ts';
import type { ZookeeperClient } from '../client.ts';
import { TransactionError, ZookeeperError } from '../errors.ts';
import { limitProblem } from '../limit.ts';
import type { CallOptions } from '../request.ts';
import { ForceRetryError } from '../retry.ts';
import { watchedChildren } from './children-changes.ts';
import { lineOf, releaseLate, runHeld } from './fair-lock.ts';
import type { Hold } from './hold.ts';
import { holdOwn } from './hold-own.ts';
import { identifiersOf } from './identifiers.ts';
import { holdInTurn, type LineOptions } from './line.ts';
import { ensurePath, parentOf } from './parents.ts';
import { UNTIL_SESSION_ENDS } from './policies.ts';
import { HoldLostError } from './vigil.ts';
import { within } from './wait-limit.ts';
import { untilFired } from './znode-end.ts';

/** How many permits there are, and as whom one is taken. */
export interface SemaphoreOptions {
  /** How many may hold a permit at once. All who use the path must say the same number. */
  readonly permits: number;
  /** What others see as the holder: it is the data of the znode. Empty if not given. */
  readonly identifier?: string;
  /** The ACL of the znodes; open to all if not given. */
  readonly acl?: Acl;
}

/**
 * Up to `permits` holders at once. It is fair: whoever asked first has a permit first. The number stands in the data of
 * the path, so that nobody counts with another one.
 *
 * **When the session is lost** while waiting, `acquire` rejects with SESSION_EXPIRED; a lost connection alone is waited
 * out. While a permit is held, the `signal` of the Hold is aborted. As the servers see it, there are never more holders
 * than permits.
 *
 * **Other libraries**: it is laid out like Kazoo's `Semaphore`, and takes part with it. The permits are the children of
 * the path, the line of those who wait is the lock `<path>-__lock__`. Curator's semaphores are laid out differently.
 */
export class Semaphore {
  readonly #client: ZookeeperClient;
  readonly #path: string;
  readonly #permits: number;
  readonly #acl: { readonly acl?: Acl };
  readonly #line: LineOptions;
  readonly #what: string;

  /** The path is created when it is missing, and stays. Throws BAD_REQUEST for options that are wrong. */
  constructor(client: ZookeeperClient, path: string, options: SemaphoreOptions) {
    const problem = limitProblem('permits', options.permits);
    if (problem !== undefined) throw problem;
    this.#client = client;
    this.#path = path;
    this.#permits = options.permits;
    this.#acl = options.acl === undefined ? {} : { acl: options.acl };
    this.#what = lineOf('semaphore', client, path, { own: '', blockedBy: [] }, options).what;
    const names = { own: '__lock__', blockedBy: ['__lock__'] };
    this.#line = lineOf('semaphore', client, `${path}-__lock__`, names, options);
  }

  /**
   * Waits for a permit. Rejects with the signal's reason, with WAIT_TIMEOUT after `timeoutMs`, with BAD_REQUEST when
   * others count with another number, or when the session has ended. Then no permit is held.
   */
  async acquire(call: CallOptions = {}): Promise<Hold> {
    const hold = await within(this.#what, call, (signal) => this.#take(true, signal), releaseLate);
    if (hold === undefined) throw new Error('A wait for a permit ends with it.');
    return hold;
  }

  /** Does not wait: resolves with nothing when no permit is free, or somebody else waits for one. */
  tryAcquire(call: CallOptions = {}): Promise<Hold | undefined> {
    return within(this.#what, call, (signal) => this.#take(false, signal), releaseLate);
  }

  /** Runs the function while a permit is held, then releases it. */
  run<Result>(fn: (hold: Hold) => Promise<Result> | Result, call: CallOptions = {}): Promise<Result> {
    return runHeld(() => this.acquire(call), fn);
  }

  /** The identifiers of those who hold a permit, in no order. */
  holders(call: CallOptions = {}): Promise<string[]> {
    return within(this.#what, call, (signal) => identifiersOf(this.#client, this.#path, (names) => names, signal));
  }

  async #take(waits: boolean, signal: AbortSignal): Promise<Hold | undefined> {
    await UNTIL_SESSION_ENDS.run(() => this.#agree(signal), { signal });
    // Only the first in the line looks at the permits, so a free one wakes nobody else.
    await using turn = await holdInTurn(this.#line, waits, signal);
    if (turn === undefined || !(await this.#untilFree(waits, signal))) return undefined;
    const lease = {
      parent: this.#path,
      name: 'lease-',
      sequential: true,
      data: this.#line.data,
      ...this.#acl,
      // Whoever has lost its turn adds no permit to those of the next one.
      check: turn.check,
    };
    try {
      return await holdOwn(this.#what, this.#client, lease, signal);
    } catch (error) {
      const hasNoTurn = error instanceof TransactionError && error.index === 0;
      throw hasNoTurn ? new HoldLostError(this.#what, 'deleted', error) : error;
    }
  }

  async #untilFree(waits: boolean, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      const { children, watch } = await watchedChildren(this.#client, this.#path, this.#acl, signal);
      if (waits && children.length >= this.#permits) {
        await untilFired(watch, signal);
        continue;
      }
      await watch.close();
      return children.length < this.#permits;
    }
  }

  /** Writes the number of permits, or compares it with what is there. */
  async #agree(signal: AbortSignal): Promise<void> {
    const data = Buffer.from(String(this.#permits));
    try {
      const { data: there, stat } = await this.#client.get(this.#path, { signal });
      const text = Buffer.from(there).toString();
      if (text === String(this.#permits)) return;
      // Kazoo creates the path first, and writes the number then.
      if (text !== '') throw differs(this.#what, this.#permits, text);
      await this.#client.set(this.#path, data, { version: stat.version, signal });
    } catch (error) {
      const code = error instanceof ZookeeperError ? error.code : undefined;
      if (code === 'NO_NODE') await this.#createPool(data, signal);
      else if (code !== 'BAD_VERSION' && code !== 'MAYBE_APPLIED') throw error;
      throw new ForceRetryError('read what is there now', error);
    }
  }

  async #createPool(data: Uint8Array, signal: AbortSignal): Promise<void> {
    await ensurePath(this.#client, parentOf(this.#path), { ...this.#acl, signal });
    try {
      await this.#client.create(this.#path, { data, ...this.#acl, signal });
    } catch (error) {
      const code = error instanceof ZookeeperError ? error.code : undefined;
      if (code !== 'NODE_EXISTS' && code !== 'MAYBE_APPLIED') throw error;
    }
  }
}

function differs(what: string, permits: number, there: string): ZookeeperError {
  return new ZookeeperError(
    'BAD_REQUEST',
    `${what}: others use ${JSON.stringify(there)} permits, this one ${permits}; all must use the same number`,
  );
}
