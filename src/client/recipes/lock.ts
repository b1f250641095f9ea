// SPDX-License-Identifier: Apache-2.0
import type { Acl } from '../acl.ts';
import type { ZookeeperClient } from '../client.ts';
import { pathProblem } from '../path.ts';
import type { CallOptions } from '../request.ts';
import type { Hold } from './hold.ts';
import { holdInTurn, identifiersIn, type LineNames, type LineOptions } from './line.ts';
import { within } from './wait-limit.ts';

export interface LockOptions {
  /** What others see as the holder or waiter: it is the data of the znode. Empty if not given. */
  readonly identifier?: string;
  /** Of the znode in the line, and of parents that are missing; open if not given. */
  readonly acl?: Acl;
  /** Whose names the znodes have, so that programs with that library take part: `kazoo` if not given. */
  readonly convention?: LockConvention;
}

export type LockConvention = 'kazoo' | 'curator';

/** Kazoo's lock and Curator's InterProcessMutex. */
const NAMES: Readonly<Record<LockConvention, LineNames>> = {
  kazoo: { own: '__lock__', blockedBy: ['__lock__', '__rlock__'] },
  curator: { own: 'lock-', blockedBy: ['lock-'] },
};

/**
 * A fair lock: whoever asked first has it first. At most one holds it, as the servers see it. It is not reentrant: each
 * `acquire` stands in the line by itself.
 *
 * **When the session is lost** while waiting, the place in the line is lost: `acquire` rejects with SESSION_EXPIRED. A
 * lost connection alone is waited out, and the place is kept. While it is held, the `signal` of the Hold is aborted.
 *
 * **Other libraries**: znodes are named `_c_<uuid>-__lock__<number>`, which Kazoo's `Lock` and `WriteLock` understand,
 * as this lock does theirs. With `convention: 'curator'` they are named `_c_<uuid>-lock-<number>` as Curator's
 * `InterProcessMutex` does. The two do not see each other. `Lock` and `ReadWriteLock` on one path exclude each other
 * with Kazoo's names, not with Curator's.
 */
export class Lock {
  readonly #line: LineOptions;

  /** The path is created when it is missing, and stays. Throws BAD_REQUEST for a path that is none. */
  constructor(client: ZookeeperClient, path: string, options: LockOptions = {}) {
    this.#line = lineOf('lock', client, path, NAMES[options.convention ?? 'kazoo'], options);
  }

  /**
   * Waits until it is held. Rejects with the signal's reason, with WAIT_TIMEOUT after `timeoutMs`, which counts for the
   * whole wait, or when the session has ended. Then it is not held, and its znode is deleted.
   */
  acquire(call: CallOptions = {}): Promise<Hold> {
    return acquireIn(this.#line, call);
  }

  /** Does not wait for others: resolves with nothing when somebody else holds it or waits for it. */
  tryAcquire(call: CallOptions = {}): Promise<Hold | undefined> {
    return tryAcquireIn(this.#line, call);
  }

  /** Runs the function while it is held, then releases it. The function stops when the signal of the Hold is aborted. */
  run<Result>(fn: (hold: Hold) => Promise<Result> | Result, call: CallOptions = {}): Promise<Result> {
    return runHeld(() => this.acquire(call), fn);
  }

  /** The identifiers of the holder and of those who wait, in their order. */
  contenders(call: CallOptions = {}): Promise<string[]> {
    return within(this.#line.what, call, (signal) => identifiersIn(this.#line, signal));
  }
}

function lineOf(
  kind: string,
  client: ZookeeperClient,
  path: string,
  names: LineNames,
  { identifier = '', acl }: LockOptions,
): LineOptions {
  const problem = pathProblem(path, false);
  if (problem !== undefined) throw problem;
  return {
    what: `${kind} ${path}`,
    client,
    path,
    names,
    data: Buffer.from(identifier),
    ...(acl === undefined ? {} : { acl }),
  };
}

async function acquireIn(line: LineOptions, call: CallOptions): Promise<Hold> {
  const hold = await within(line.what, call, (signal) => holdInTurn(line, true, signal), releaseLate);
  if (hold === undefined) throw new Error('A wait for the first place ends with it.');
  return hold;
}

function tryAcquireIn(line: LineOptions, call: CallOptions): Promise<Hold | undefined> {
  return within(line.what, call, (signal) => holdInTurn(line, false, signal), releaseLate);
}

async function runHeld<Held extends AsyncDisposable, Result>(
  acquire: () => Promise<Held>,
  fn: (held: Held) => Promise<Result> | Result,
): Promise<Result> {
  await using held = await acquire();
  return await fn(held);
}

function releaseLate(hold: Hold | undefined): void {
  void hold?.release();
}
