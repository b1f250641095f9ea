// SPDX-License-Identifier: Apache-2.0
import type { ZookeeperClient } from '../client.ts';
import { FairLock, type LockConvention, type LockOptions, lineOf } from './fair-lock.ts';
import type { LineNames } from './line.ts';

/** Kazoo's ReadLock and WriteLock, and Curator's InterProcessReadWriteLock. */
const NAMES: Readonly<Record<LockConvention, { readonly read: LineNames; readonly write: LineNames }>> = {
  kazoo: {
    read: { own: '__rlock__', blockedBy: ['__lock__'] },
    write: { own: '__lock__', blockedBy: ['__lock__', '__rlock__'] },
  },
  curator: {
    read: { own: '__READ__', blockedBy: ['__WRIT__'] },
    write: { own: '__WRIT__', blockedBy: ['__WRIT__', '__READ__'] },
  },
};

/**
 * Any number of readers, or one writer. It is fair: a writer that waits goes before readers that come later. Neither
 * side is reentrant, and a reader can't become a writer: it would wait for itself.
 *
 * **When the session is lost**, it is as for `Lock`: a place in the line is lost with SESSION_EXPIRED, and the `signal`
 * of a Hold is aborted. Of readers, too, each later one has a higher fencing value.
 *
 * **Other libraries**: znodes are named `_c_<uuid>-__lock__<number>` and `_c_<uuid>-__rlock__<number>`, as Kazoo's
 * `WriteLock` and `ReadLock` understand them. With `convention: 'curator'` they are named `__WRIT__` and `__READ__` as
 * Curator's `InterProcessReadWriteLock` does.
 */
export class ReadWriteLock {
  /** Held by any number at once, while nobody writes. */
  readonly read: FairLock;
  /** Held by one alone. */
  readonly write: FairLock;

  /** The path is created when it is missing, and stays. Throws BAD_REQUEST for a path that is none. */
  constructor(client: ZookeeperClient, path: string, options: LockOptions = {}) {
    const { read, write } = NAMES[options.convention ?? 'kazoo'];
    this.read = new FairLock(lineOf('read lock', client, path, read, options));
    this.write = new FairLock(lineOf('write lock', client, path, write, options));
  }
}
