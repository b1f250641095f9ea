// SPDX-License-Identifier: Apache-2.0
import type { ZookeeperClient } from '../client.ts';
import type { CallOptions, SignalOptions } from '../request.ts';
import { childrenChanges } from './children-changes.ts';
import { FairLock, type LockOptions, lineOf } from './fair-lock.ts';
import type { Hold } from './hold.ts';
import { identifiersIn, type LineOptions } from './line.ts';

const NAMES = { own: '__lock__', blockedBy: ['__lock__'] };
const NO_SIGNAL = new AbortController().signal;

/**
 * One leader of those who stand for it; the next one is who has waited longest. To lead is to hold a fair lock.
 *
 * **When the session is lost**, a candidate has lost its place: `lead` rejects with SESSION_EXPIRED, and it may stand
 * again with a new client. A lost connection alone is waited out. A leader's `signal` is aborted, in doubt or for sure,
 * before another one leads; a leader that stands still sees that too late, and only `guard` keeps it from writing.
 *
 * **Other libraries**: candidates of Kazoo's `Election` take part. Curator's leaders are named differently.
 */
export class Election {
  readonly #line: LineOptions;
  readonly #lock: FairLock;

  /** The path is created when it is missing, and stays. Throws BAD_REQUEST for a path that is none. */
  constructor(client: ZookeeperClient, path: string, options: Omit<LockOptions, 'convention'> = {}) {
    this.#line = lineOf('election', client, path, NAMES, options);
    this.#lock = new FairLock(this.#line);
  }

  /** Waits until this candidate leads. It rejects as the `acquire` of a lock does; then it is no candidate any more. */
  lead(call: CallOptions = {}): Promise<Hold> {
    return this.#lock.acquire(call);
  }

  /** Runs the function while this candidate leads, then gives the leadership back. */
  run<Result>(fn: (hold: Hold) => Promise<Result> | Result, call: CallOptions = {}): Promise<Result> {
    return this.#lock.run(fn, call);
  }

  /** The identifiers of the leader and of the candidates, in the order in which they will lead. */
  candidates(call: CallOptions = {}): Promise<string[]> {
    return this.#lock.contenders(call);
  }

  /** The identifier of the leader; nothing when nobody leads. */
  async leader(call: CallOptions = {}): Promise<string | undefined> {
    return (await this.candidates(call))[0];
  }

  /** The identifier of the leader now, and after each change. Ends when the signal is aborted, or with the session. */
  async *leaders({ signal = NO_SIGNAL }: SignalOptions = {}): AsyncGenerator<string | undefined, void> {
    const { client, path } = this.#line;
    let told: { readonly leader: string | undefined } | undefined;
    try {
      for await (const _ of childrenChanges(client, path, signal)) {
        const [leader] = await identifiersIn(this.#line, signal);
        if (told !== undefined && told.leader === leader) continue;
        told = { leader };
        yield leader;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
