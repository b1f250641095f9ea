// SPDX-License-Identifier: Apache-2.0
import type { Acl } from '../acl.ts';
import type { ZookeeperClient } from '../client.ts';
import type { CallOptions } from '../request.ts';
import { retry } from '../retry.ts';
import { CALL_LIMIT_MS } from './call-limit.ts';
import { ensurePath } from './parents.ts';
import { within } from './wait-limit.ts';

/** The znodes that a recipe needs: made once, by the first call. */
export class MadeZnodes {
  readonly #client: ZookeeperClient;
  readonly #paths: readonly string[];
  readonly #acl: Acl | undefined;
  #made: Promise<void> | undefined;

  constructor(client: ZookeeperClient, paths: readonly string[], acl: Acl | undefined) {
    this.#client = client;
    this.#paths = paths;
    this.#acl = acl;
  }

  async make(call: CallOptions = {}): Promise<void> {
    this.#made ??= this.#makeAll().catch((error: unknown) => {
      this.#made = undefined;
      throw error;
    });
    const made = this.#made;
    await within('the znodes of the recipe', call, () => made);
  }

  /** Under a limit of its own, since several calls may wait for it. To create what is there already changes nothing. */
  async #makeAll(): Promise<void> {
    const policy = { ignoreMaybeApplied: true, deadlineMs: CALL_LIMIT_MS };
    const options = this.#acl === undefined ? {} : { acl: this.#acl };
    for (const path of this.#paths) {
      await retry(async () => {
        // Who may not create a znode may still use one that is there.
        if ((await this.#client.exists(path)) === undefined) await ensurePath(this.#client, path, options);
      }, policy);
    }
  }
}
