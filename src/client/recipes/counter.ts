// SPDX-License-Identifier: Apache-2.0
import type { Acl } from '../acl.ts';
import type { ZookeeperClient } from '../client.ts';
import { MaybeAppliedError, ServerError, ZookeeperError } from '../errors.ts';
import { limitProblem } from '../limit.ts';
import { pathProblem } from '../path.ts';
import type { CallOptions } from '../request.ts';
import { ForceRetryError, RetryPolicy } from '../retry.ts';
import { type CounterFormat, decodeCount, encodeCount } from './counter-format.ts';
import { ensurePath } from './parents.ts';
import { UNTIL_SESSION_ENDS } from './policies.ts';
import { within } from './wait-limit.ts';

/** How a counter is kept. */
export interface CounterOptions {
  /** The value of a counter that nobody has written yet: 0n if not given. */
  readonly initial?: bigint;
  /** How often a change is tried when others change the counter at the same time: 100 if not given. */
  readonly maxAttempts?: number;
  /** How the number is written: `decimal` if not given. */
  readonly format?: CounterFormat;
  /** The ACL of the znodes; open to all if not given. */
  readonly acl?: Acl;
}

/** What a counter was before a change, and what it is after it. */
export interface CounterChange {
  /** The number that the change was made from. */
  readonly before: bigint;
  /** The number that stands there after it. */
  readonly after: bigint;
}

/**
 * A number that many change. Each change is a set of the version that was read, so none is lost and none is made twice.
 *
 * **When an answer is lost**, the counter is read after a sync: with the version of before, the change was not made,
 * and is tried again. With a later one it can't be known whose change it was, so the call rejects with MAYBE_APPLIED.
 * The number itself outlives every session. When the session ends, a call rejects with SESSION_EXPIRED or
 * MAYBE_APPLIED.
 *
 * **Other libraries**: `decimal` is what Kazoo's `Counter` writes, `int32` is Curator's `SharedCount`, and `int64` is
 * its `DistributedAtomicLong`.
 */
export class Counter {
  readonly #client: ZookeeperClient;
  readonly #path: string;
  readonly #initial: bigint;
  readonly #format: CounterFormat;
  readonly #acl: { readonly acl?: Acl };
  readonly #policy: RetryPolicy;
  readonly #what: string;

  /** The path is created when it is missing, and stays. Throws BAD_REQUEST for options that are wrong. */
  constructor(client: ZookeeperClient, path: string, options: CounterOptions = {}) {
    const { initial = 0n, maxAttempts = 100, format = 'decimal', acl } = options;
    const problem = pathProblem(path, false) ?? limitProblem('maxAttempts', maxAttempts);
    if (problem !== undefined) throw problem;
    this.#client = client;
    this.#path = path;
    this.#initial = initial;
    this.#format = format;
    this.#acl = acl === undefined ? {} : { acl };
    this.#policy = new RetryPolicy({ maxTries: maxAttempts, delayMs: 2, maxDelayMs: 50, jitter: 1 });
    this.#what = `counter ${path}`;
    encodeCount(initial, format);
  }

  /** Reads the number. A server that lags behind may answer with an older one; `add` and `change` can't be misled. */
  async value(call: CallOptions = {}): Promise<bigint> {
    const read = (signal: AbortSignal) => UNTIL_SESSION_ENDS.run(() => this.#read(signal), { signal });
    return (await within(this.#what, call, read)).value;
  }

  /** Adds the number, which may be negative. Rejects like `change`. */
  add(delta: bigint, call: CallOptions = {}): Promise<CounterChange> {
    return this.change((before) => before + delta, call);
  }

  /**
   * Changes the number to what the function makes of it; the function may be called several times. Rejects with
   * RETRY_FAILED when others were faster too often, with BAD_REQUEST when the format has no room for the number, and
   * with MAYBE_APPLIED.
   */
  change(fn: (before: bigint) => bigint, call: CallOptions = {}): Promise<CounterChange> {
    return within(this.#what, call, (signal) => this.#policy.run(() => this.#change(fn, signal), { signal }));
  }

  async #change(fn: (before: bigint) => bigint, signal: AbortSignal): Promise<CounterChange> {
    const { value: before, version } = await this.#read(signal);
    const after = fn(before);
    const data = encodeCount(after, this.#format);
    try {
      await this.#client.set(this.#path, data, { version, signal });
      return { before, after };
    } catch (error) {
      if (error instanceof ServerError && error.code === 'BAD_VERSION') {
        throw new ForceRetryError('it has changed', error);
      }
      if (!(error instanceof MaybeAppliedError) || signal.aborted) throw error;
      throw (await this.#isUnchanged(version, signal)) ? new ForceRetryError('it was not applied', error) : error;
    }
  }

  /** What the servers have not applied by the time of a sync of the same session, they never do. */
  async #isUnchanged(version: number, signal: AbortSignal): Promise<boolean> {
    const read = async () => {
      await this.#client.sync(this.#path, { signal });
      return (await this.#client.exists(this.#path, { signal }))?.version === version;
    };
    return UNTIL_SESSION_ENDS.run(read, { signal }).catch(() => false);
  }

  async #read(signal: AbortSignal): Promise<{ readonly value: bigint; readonly version: number }> {
    try {
      const { data, stat } = await this.#client.get(this.#path, { signal });
      const value = data.length === 0 ? this.#initial : decodeCount(data, this.#format);
      if (value !== undefined) return { value, version: stat.version };
      throw new ZookeeperError('BAD_REQUEST', `${this.#what}: its data is no number of the format ${this.#format}`);
    } catch (error) {
      if (!(error instanceof ServerError) || error.code !== 'NO_NODE') throw error;
      await ensurePath(this.#client, this.#path, { ...this.#acl, signal });
      throw new ForceRetryError('read it now that it is there', error);
    }
  }
}
