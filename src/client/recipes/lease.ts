// SPDX-License-Identifier: Apache-2.0
import { hostname } from 'node:os';
import type { Acl } from '../acl.ts';
import type { ZookeeperClient } from '../client.ts';
import { ServerError, ZookeeperError } from '../errors.ts';
import { limitProblem } from '../limit.ts';
import type { DataAndStat } from '../operations/get.ts';
import type { CallOptions } from '../request.ts';
import type { Stat } from '../stat.ts';
import type { Hold } from './hold.ts';
import { LeaseGrant } from './lease-grant.ts';
import { type LeaseRecord, parseLease, renderLease } from './lease-record.ts';
import { Lock } from './lock.ts';
import { childOf } from './parents.ts';
import { UNTIL_SESSION_ENDS } from './policies.ts';
import { within } from './wait-limit.ts';

/** How long a lease lasts, and as whom it is taken. */
export interface LeaseOptions {
  /** How long the lease lasts, from when it is asked for. */
  readonly durationMs: number;
  /** Who holds it. The same name may renew a lease that still lasts. The name of the host if not given. */
  readonly identifier?: string;
  /** How far the clocks of those who want it may be apart: 1,000 if not given. A lease is taken over so much later. */
  readonly clockSkewMs?: number;
  /** The ACL of the znodes; open to all if not given. */
  readonly acl?: Acl;
  /** Unix milliseconds, if not those of `Date.now`. */
  readonly nowMs?: () => number;
}

/**
 * A lock for a time, which lasts without a session, and without the process: until its deadline, which stands in the
 * data. It does not wait: it is had at once or not.
 *
 * **It relies on clocks.** The deadline is in the time of whoever wrote it, so the clocks of all who want the lease
 * must be less than `clockSkewMs` apart. With clocks that are further apart, two may hold it at once. `fencing` then
 * still grows with each grant.
 *
 * **When the session is lost**, the lease lasts on. A call rejects with SESSION_EXPIRED, HOLD_LOST or MAYBE_APPLIED,
 * and may have been granted in the last case; with the same identifier it can be asked for again.
 *
 * **Other libraries**: it is laid out like Kazoo's `NonBlockingLease`, and takes part with it.
 */
export class Lease {
  readonly #client: ZookeeperClient;
  readonly #holderPath: string;
  readonly #lock: Lock;
  readonly #durationMs: number;
  readonly #identifier: string;
  readonly #clockSkewMs: number;
  readonly #acl: { readonly acl?: Acl };
  readonly #nowMs: () => number;
  readonly #what: string;

  /** The path is created when it is missing, and stays. Throws BAD_REQUEST for options that are wrong. */
  constructor(client: ZookeeperClient, path: string, options: LeaseOptions) {
    const { durationMs, identifier = hostname(), clockSkewMs = 1_000, acl, nowMs = Date.now } = options;
    const problem = limitProblem('durationMs', durationMs) ?? limitProblem('clockSkewMs', clockSkewMs, 0);
    if (problem !== undefined) throw problem;
    this.#acl = acl === undefined ? {} : { acl };
    this.#lock = new Lock(client, path, { identifier, ...this.#acl });
    this.#client = client;
    this.#holderPath = childOf(path, 'lease_holder');
    this.#durationMs = durationMs;
    this.#identifier = identifier;
    this.#clockSkewMs = clockSkewMs;
    this.#nowMs = nowMs;
    this.#what = `lease ${path}`;
  }

  /**
   * Takes the lease, or renews it when the identifier has it already. Resolves with nothing when somebody else has it.
   * A lock that others hold only while they look is waited for.
   */
  tryAcquire(call: CallOptions = {}): Promise<LeaseGrant | undefined> {
    return within(this.#what, call, async (signal) => {
      await using hold = await this.#lock.acquire({ signal });
      const there = await this.#read(signal);
      if (there !== undefined && this.#isOfAnother(there.record)) return undefined;
      const sinceMs = performance.now();
      const endMs = this.#nowMs() + this.#durationMs;
      const { mzxid, version } = await this.#write(hold, there?.stat, endMs, signal);
      const leftMs = this.#durationMs - (performance.now() - sinceMs);
      const end = { endMs, leftMs, nowMs: this.#nowMs };
      return new LeaseGrant(this.#what, end, mzxid, (release) => this.#giveBack(version, mzxid, release));
    });
  }

  /** Who has the lease now, by the clock of this process; nothing when nobody has. */
  holder(call: CallOptions = {}): Promise<string | undefined> {
    return within(this.#what, call, async (signal) => {
      const there = await this.#read(signal);
      return there === undefined || this.#hasEnded(there.record) ? undefined : there.record.holder;
    });
  }

  #isOfAnother(record: LeaseRecord): boolean {
    return record.holder !== this.#identifier && !this.#hasEnded(record);
  }

  #hasEnded({ endMs }: LeaseRecord): boolean {
    return this.#nowMs() >= endMs + this.#clockSkewMs;
  }

  async #write(hold: Hold, there: Stat | undefined, endMs: number, signal: AbortSignal): Promise<Stat> {
    const data = renderLease({ holder: this.#identifier, endMs });
    const path = this.#holderPath;
    if (there !== undefined) return hold.guard({ kind: 'set', path, data, version: there.version }, { signal });
    const created = await hold.guard({ kind: 'create2', path, data, ...this.#acl }, { signal });
    return created.stat;
  }

  /** Only the grant itself is given back, not one that has taken its place. */
  async #giveBack(version: number, mzxid: bigint, call: CallOptions): Promise<void> {
    await within(this.#what, call, async (signal) => {
      await using hold = await this.#lock.acquire({ signal });
      const there = await this.#read(signal);
      if (there?.stat.mzxid === mzxid) {
        await hold.guard({ kind: 'delete', path: this.#holderPath, version }, { signal });
      }
    });
  }

  async #read(signal: AbortSignal): Promise<{ readonly record: LeaseRecord; readonly stat: Stat } | undefined> {
    let found: DataAndStat;
    try {
      found = await UNTIL_SESSION_ENDS.run(() => this.#client.get(this.#holderPath, { signal }), { signal });
    } catch (error) {
      if (error instanceof ServerError && error.code === 'NO_NODE') return undefined;
      throw error;
    }
    const record = parseLease(found.data);
    if (record !== undefined) return { record, stat: found.stat };
    // What can't be read may be held by somebody.
    throw new ZookeeperError('BAD_REQUEST', `${this.#what}: ${this.#holderPath} does not hold the data of a lease`);
  }
}
