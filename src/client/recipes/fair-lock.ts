// SPDX-License-Identifier: Apache-2.0
import type { Acl } from '../acl.ts';
import type { ZookeeperClient } from '../client.ts';
import { pathProblem } from '../path.ts';
import type { CallOptions } from '../request.ts';
import type { Hold } from './hold.ts';
import { holdInTurn, identifiersIn, type LineNames, type LineOptions } from './line.ts';
import { within } from './wait-limit.ts';

/** As whom a lock is taken, and how its znodes are made. */
export interface LockOptions {
  /** What others see as the holder or waiter: it is the data of the znode. Empty if not given. */
  readonly identifier?: string;
  /** Of the znode in the line, and of parents that are missing; open if not given. */
  readonly acl?: Acl;
  /** Whose names the znodes have, so that programs with that library take part: `kazoo` if not given. */
  readonly convention?: LockConvention;
}

/** Whose names the znodes of a lock have: those of Kazoo's recipes, or those of Curator's. */
export type LockConvention = 'kazoo' | 'curator';

/** One side of a lock: whoever is allowed by those ahead holds it, in the order in which they asked. */
export class FairLock {
  readonly #line: LineOptions;

  constructor(line: LineOptions) {
    this.#line = line;
  }

  /**
   * Waits until it is held. Rejects with the signal's reason, with WAIT_TIMEOUT after `timeoutMs`, which counts for the
   * whole wait, or when the session has ended. Then it is not held, and its znode is deleted.
   */
  async acquire(call: CallOptions = {}): Promise<Hold> {
    const hold = await within(this.#line.what, call, (signal) => holdInTurn(this.#line, true, signal), releaseLate);
    if (hold === undefined) throw new Error('A wait for the first place ends with it.');
    return hold;
  }

  /** Does not wait for others: resolves with nothing when somebody who goes first holds it or waits for it. */
  tryAcquire(call: CallOptions = {}): Promise<Hold | undefined> {
    return within(this.#line.what, call, (signal) => holdInTurn(this.#line, false, signal), releaseLate);
  }

  /**
   * Runs the function while it is held, then releases it. The function stops when the signal of the Hold is aborted.
   */
  run<Result>(fn: (hold: Hold) => Promise<Result> | Result, call: CallOptions = {}): Promise<Result> {
    return runHeld(() => this.acquire(call), fn);
  }

  /** The identifiers of those who hold it and of those who wait, in their order. */
  contenders(call: CallOptions = {}): Promise<string[]> {
    return within(this.#line.what, call, (signal) => identifiersIn(this.#line, signal));
  }
}

/** Throws BAD_REQUEST for a path that is none. `kind` names the recipe in messages. */
export function lineOf(
  kind: string,
  client: ZookeeperClient,
  path: string,
  names: LineNames,
  { identifier = '', acl }: Omit<LockOptions, 'convention'>,
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

export async function runHeld<Held extends AsyncDisposable, Result>(
  acquire: () => Promise<Held>,
  fn: (held: Held) => Promise<Result> | Result,
): Promise<Result> {
  await using held = await acquire();
  return await fn(held);
}

/** For a Hold that comes when nobody waits for it any more. */
export function releaseLate(hold: Hold | undefined): void {
  void hold?.release();
}
