// SPDX-License-Identifier: Apache-2.0
import type { Acl } from '../acl.ts';
import type { ZookeeperClient } from '../client.ts';
import { MaybeAppliedError, ServerError, ZookeeperError } from '../errors.ts';
import { pathProblem } from '../path.ts';
import type { CallOptions } from '../request.ts';
import { ensurePath } from './parents.ts';
import { UNTIL_APPLIED } from './policies.ts';
import { within } from './wait-limit.ts';
import { untilDeleted } from './znode-end.ts';

/**
 * Holds everybody who waits at it, until somebody removes it. It is there as long as its znode is.
 *
 * **When the session is lost**, the barrier stays as it is: its znode is persistent. A call that waits rejects with
 * SESSION_EXPIRED; a lost connection alone is waited out.
 *
 * **Other libraries**: Kazoo's `Barrier` and Curator's `DistributedBarrier` are the same znode.
 */
export class Barrier {
  readonly #client: ZookeeperClient;
  readonly #path: string;
  readonly #options: { readonly acl?: Acl };
  readonly #what: string;

  /** Throws BAD_REQUEST for a path that is none, and for the root, which is always there. */
  constructor(client: ZookeeperClient, path: string, options: { readonly acl?: Acl } = {}) {
    const problem =
      path === '/' ? new ZookeeperError('BAD_REQUEST', 'the path of a barrier can not be /') : pathProblem(path, false);
    if (problem !== undefined) throw problem;
    this.#client = client;
    this.#path = path;
    this.#options = options;
    this.#what = `barrier ${path}`;
  }

  /** Sets the barrier, if it is not there yet. */
  create(call: CallOptions = {}): Promise<void> {
    return within(this.#what, call, (signal) => ensurePath(this.#client, this.#path, { ...this.#options, signal }));
  }

  /**
   * Lets everybody through. Resolves with whether it was there. When an answer was lost, somebody else may have removed
   * it at the same time.
   */
  remove(call: CallOptions = {}): Promise<boolean> {
    return within(this.#what, call, (signal) => {
      let inDoubt = false;
      return UNTIL_APPLIED.run(
        async () => {
          try {
            await this.#client.delete(this.#path, { signal });
            return true;
          } catch (error) {
            inDoubt ||= error instanceof MaybeAppliedError;
            if (error instanceof ServerError && error.code === 'NO_NODE') return inDoubt;
            throw error;
          }
        },
        { signal },
      );
    });
  }

  /** Waits until there is no barrier. Rejects with WAIT_TIMEOUT, the signal's reason, or when the session has ended. */
  wait(call: CallOptions = {}): Promise<void> {
    return within(this.#what, call, (signal) => untilDeleted(this.#client, this.#path, signal));
  }
}
