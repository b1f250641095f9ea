// SPDX-License-Identifier: Apache-2.0
import type { ZookeeperClient } from '../client.ts';
import { FairLock, type LockConvention, type LockOptions, lineOf } from './fair-lock.ts';
import type { LineNames } from './line.ts';

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
export class Lock extends FairLock {
  /** The path is created when it is missing, and stays. Throws BAD_REQUEST for a path that is none. */
  constructor(client: ZookeeperClient, path: string, options: LockOptions = {}) {
    super(lineOf('lock', client, path, NAMES[options.convention ?? 'kazoo'], options));
  }
}
