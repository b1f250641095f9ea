// SPDX-License-Identifier: Apache-2.0
import { ZookeeperError } from '../errors.ts';
import type { Hold } from './hold.ts';

/** The items that one member has for now, each with its lock. */
export class Share implements AsyncDisposable {
  /** Sorted. May be empty, when there are more members than items. */
  readonly items: readonly string[];
  /** Is aborted with a HoldLostError when the items are shared out anew, or are lost, or perhaps lost. */
  readonly signal: AbortSignal;
  readonly #holds: ReadonlyMap<string, Hold>;

  constructor(holds: ReadonlyMap<string, Hold>, signal: AbortSignal) {
    this.#holds = holds;
    this.items = [...holds.keys()];
    this.signal = signal;
  }

  /** The lock of an item, with its `guard` and `fencing`. Throws BAD_REQUEST for an item that is not in the share. */
  hold(item: string): Hold {
    const hold = this.#holds.get(item);
    if (hold === undefined) {
      throw new ZookeeperError('BAD_REQUEST', `the item ${JSON.stringify(item)} is not in this share`);
    }
    return hold;
  }

  /** Gives all items back. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#holds.values()].map((hold) => hold.release()));
  }
}
