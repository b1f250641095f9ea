// SPDX-License-Identifier: Apache-2.0
import type { Acl } from '../acl.ts';
import type { ZookeeperClient } from '../client.ts';
import { ZookeeperError } from '../errors.ts';
import { limitProblem } from '../limit.ts';
import { pathProblem } from '../path.ts';
import type { CallOptions } from '../request.ts';
import type { Hold } from './hold.ts';
import { holdOwn } from './hold-own.ts';
import { childOf, ensurePath } from './parents.ts';
import { UNTIL_SESSION_ENDS } from './policies.ts';
import { within } from './wait-limit.ts';
import { untilDeleted, untilFired } from './znode-end.ts';

/** How many meet at a double barrier, and as whom. */
export interface DoubleBarrierOptions {
  /** How many have to enter before anybody goes on. */
  readonly size: number;
  /** What others see as the member: it is the data of the znode. Empty if not given. */
  readonly identifier?: string;
  /** The ACL of the znodes; open to all if not given. */
  readonly acl?: Acl;
}

/** The znode whose data names the members of the present round, one a line. */
const ROUND = 'round';
const CHANGED_MEANWHILE: ReadonlySet<string> = new Set(['BAD_VERSION', 'MAYBE_APPLIED', 'CONNECTION_LOST']);

/**
 * Holds everybody until `size` have entered, and at the end until all of the round have left. Rounds may follow each
 * other on one path: whoever enters while one is under way is for the next.
 *
 * **When the session is lost**, its member is out, as if it had left: `enter` and `leave` reject with SESSION_EXPIRED,
 * or with HOLD_LOST, and the `signal` of the member is aborted. The others then wait for one more to enter, and for one
 * less to leave. A lost connection alone is waited out, and nobody misses that a round has begun.
 *
 * **Other libraries**: Kazoo's and Curator's double barriers are laid out differently. With them, a member that is not
 * connected while the first of the others leaves never learns that it could go on.
 */
export class DoubleBarrier {
  readonly #client: ZookeeperClient;
  readonly #path: string;
  readonly #options: DoubleBarrierOptions;
  readonly #acl: { readonly acl?: Acl };
  readonly #what: string;

  /** The path is created when it is missing, and stays. Throws BAD_REQUEST for options that are wrong. */
  constructor(client: ZookeeperClient, path: string, options: DoubleBarrierOptions) {
    const problem = pathProblem(path, false) ?? limitProblem('size', options.size);
    if (problem !== undefined) throw problem;
    this.#client = client;
    this.#path = path;
    this.#options = options;
    this.#acl = options.acl === undefined ? {} : { acl: options.acl };
    this.#what = `double barrier ${path}`;
  }

  /** Waits until enough have entered. When it rejects, this member is out again. */
  enter(call: CallOptions = {}): Promise<BarrierMember> {
    return within(
      this.#what,
      call,
      (signal) => this.#enter(signal),
      (late) => void late[Symbol.asyncDispose](),
    );
  }

  async #enter(signal: AbortSignal): Promise<BarrierMember> {
    const { identifier = '' } = this.#options;
    await ensurePath(this.#client, childOf(this.#path, ROUND), { ...this.#acl, signal });
    const data = Buffer.from(identifier);
    const znode = { parent: this.#path, name: 'member', sequential: false, data, ...this.#acl };
    const hold = await holdOwn(this.#what, this.#client, znode, signal);
    try {
      const name = hold.path.slice(hold.path.lastIndexOf('/') + 1);
      const members = await this.#untilIn(name, AbortSignal.any([signal, hold.signal]));
      hold.assertHeld();
      const others = members.filter((other) => other !== name).map((other) => childOf(this.#path, other));
      return new BarrierMember(this.#what, this.#client, others, hold);
    } catch (error) {
      void hold.release();
      throw error;
    }
  }

  /** Resolves with the members of the round. A round begins when none of the last one is there, and enough are. */
  async #untilIn(name: string, signal: AbortSignal): Promise<readonly string[]> {
    const path = childOf(this.#path, ROUND);
    for (;;) {
      const look = () => this.#client.getAndWatch(path, { signal });
      // The watch comes first: what is counted after it can't become enough without an event.
      const { data, stat, watch } = await UNTIL_SESSION_ENDS.run(look, { signal });
      try {
        const members = Buffer.from(data).toString().split('\n');
        if (members.includes(name)) return members;
        const list = () => this.#client.getChildren(this.#path, { signal });
        const { children } = await UNTIL_SESSION_ENDS.run(list, { signal });
        const last = members.find((member) => children.includes(member));
        const waiting = children.filter((child) => child !== ROUND);
        if (last !== undefined) await untilDeleted(this.#client, childOf(this.#path, last), signal);
        else if (waiting.length < this.#options.size) await untilFired(watch, signal);
        else await this.#begin(path, waiting, stat.version, signal);
      } finally {
        await watch.close();
      }
    }
  }

  /** Somebody else may be faster, or the answer may be lost: what stands there is read again. */
  async #begin(path: string, members: readonly string[], version: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#client.set(path, Buffer.from(members.join('\n')), { version, signal });
    } catch (error) {
      if (error instanceof ZookeeperError && CHANGED_MEANWHILE.has(error.code)) return;
      throw error;
    }
  }
}

/** One who is in. Whoever does not leave, but only disposes of it, waits for nobody. */
export class BarrierMember implements AsyncDisposable {
  readonly #what: string;
  readonly #client: ZookeeperClient;
  readonly #others: readonly string[];
  readonly #hold: Hold;

  constructor(what: string, client: ZookeeperClient, others: readonly string[], hold: Hold) {
    this.#what = what;
    this.#client = client;
    this.#others = others;
    this.#hold = hold;
  }

  /** Is aborted when this member is out, or perhaps out: with a HoldLostError. */
  get signal(): AbortSignal {
    return this.#hold.signal;
  }

  /**
   * Leaves, and waits until all others of the round have left. This member is out also when the wait rejects. Rejects
   * with HOLD_LOST when it was out before.
   */
  leave(call: CallOptions = {}): Promise<void> {
    return within(this.#what, call, async (signal) => {
      this.signal.throwIfAborted();
      await this.#hold.release();
      for (const other of this.#others) await untilDeleted(this.#client, other, signal);
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#hold.release();
  }
}
