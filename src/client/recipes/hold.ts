// SPDX-License-Identifier: Apache-2.0
import type { ZookeeperClient } from '../client.ts';
import { TransactionError } from '../errors.ts';
import type { PathAndStat } from '../operations/create2.ts';
import type { CallOptions } from '../request.ts';
import type { CheckPart, PartResult, TransactionPart, TransactionResults } from '../transaction.ts';
import type { OwnZnode } from './own-znode.ts';
import { HoldLostError, Vigil } from './vigil.ts';
import { orAborted } from './wait-limit.ts';
import { untilDeleted } from './znode-end.ts';

/** How `Hold.guard` writes. */
export interface GuardOptions extends CallOptions {
  /**
   * Writes with this client, of the same chroot; with the one that holds if not given. The servers check either way.
   */
  readonly client?: ZookeeperClient;
}

interface HoldParts {
  readonly what: string;
  readonly client: ZookeeperClient;
  readonly own: OwnZnode;
  readonly created: PathAndStat;
  readonly vigil: Vigil;
}

/**
 * Something that is held: a lock, a permit, the leadership. It is held until it is released or its session ends.
 *
 * **When the session is lost**, `signal` is aborted: surely as soon as the client knows it, and in doubt when no server
 * has answered for three quarters of the session's timeout. It stays lost, also when the session lives on. The servers
 * keep the session longer than that, so nobody else holds it yet when the signal is aborted, as long as this process
 * runs. A process that stands still (a paused machine, a blocked event loop) sees its signal too late. So what must not
 * be done by a stale holder goes through `guard`, or carries `fencing` to where it is checked.
 */
export class Hold implements AsyncDisposable {
  /** The holder's znode. Its name has a unique id in it and is never used again. */
  readonly path: string;
  /** The transaction that created the holder's znode. Each later holder has a higher one. */
  readonly fencing: bigint;
  readonly #parts: HoldParts;
  #gone: Promise<void> = Promise.resolve();
  #releasing: Promise<void> | undefined;

  constructor(parts: HoldParts) {
    this.#parts = parts;
    this.path = parts.created.path;
    this.fencing = parts.created.stat.czxid;
    void this.#watchOwn();
    // Whoever is in doubt holds no more, so the others need not wait if the session lives on.
    const onAbort = () => {
      this.#gone = parts.own.withdraw();
    };
    this.signal.addEventListener('abort', onAbort, { once: true });
  }

  /** Is aborted with a HoldLostError as soon as it is not held any more, or perhaps not: its `why` says which. */
  get signal(): AbortSignal {
    return this.#parts.vigil.signal;
  }

  /**
   * For transactions with writes of one's own: with this part they fail with NO_NODE once it is not held any more. The
   * name is unique, so there can't be a znode of another holder at the path, and any version will do.
   */
  get check(): CheckPart {
    return { kind: 'check', path: this.path };
  }

  /** Throws the HoldLostError when `signal` is aborted or due. It is right also just after a pause of the process. */
  assertHeld(): void {
    this.#parts.vigil.check();
  }

  /**
   * Writes only if it is still held when the servers apply the writes: in one transaction with a check of the holder's
   * znode. Resolves with the results, one for each part. Rejects with HOLD_LOST when it is not held any more; then
   * nothing was written. When a part fails it rejects with a TransactionError, whose index is that of the part, and
   * otherwise like `multi`.
   */
  guard<const Part extends TransactionPart>(part: Part, options?: GuardOptions): Promise<PartResult<Part>>;
  guard<const Parts extends readonly TransactionPart[]>(
    parts: Parts,
    options?: GuardOptions,
  ): Promise<TransactionResults<Parts>>;
  async guard(given: TransactionPart | readonly TransactionPart[], options: GuardOptions = {}): Promise<unknown> {
    const { client = this.#parts.client, ...call } = options;
    const parts = 'kind' in given ? [given] : given;
    try {
      const [, ...results] = await client.multi([this.check, ...parts], call);
      return 'kind' in given ? results[0] : results;
    } catch (error) {
      throw error instanceof TransactionError ? this.#failure(error, parts) : error;
    }
  }

  /**
   * Gives it back. `signal` is aborted first, so that the work ends before the next one begins. Resolves when the znode
   * is gone. If the session ends or is in doubt meanwhile, it resolves at once. Then the servers delete the znode, or
   * this client does as soon as it is connected again. Never rejects.
   */
  release(): Promise<void> {
    this.#releasing ??= this.#release();
    return this.#releasing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  async #release(): Promise<void> {
    const { what, client, vigil } = this.#parts;
    if (vigil.signal.aborted) return;
    vigil.end('released');
    const rest = new Vigil(what, client);
    await orAborted(this.#gone, rest.signal).catch(() => {});
    rest.end('released');
  }

  /** Somebody else may delete the znode; then it is not held any more. */
  async #watchOwn(): Promise<void> {
    const { client, vigil } = this.#parts;
    try {
      await untilDeleted(client, this.path, vigil.signal);
      vigil.end('deleted');
    } catch {
      // It is lost for another reason.
    }
  }

  #failure(error: TransactionError, parts: readonly TransactionPart[]): Error {
    const { what } = this.#parts;
    if (error.index === 0) return error.code === 'NO_NODE' ? new HoldLostError(what, 'deleted', error) : error;
    const index = error.index - 1;
    const part = parts[index];
    return new TransactionError(
      error.number,
      `${what}, guard, part ${index + 1} of ${parts.length}, ${part?.kind} ${part?.path}`,
      index,
    );
  }
}
