// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { Acl } from '../acl.ts';
import type { ZookeeperClient } from '../client.ts';
import { MaybeAppliedError, ServerError, TransactionError } from '../errors.ts';
import type { PathAndStat } from '../operations/create2.ts';
import { ForceRetryError } from '../retry.ts';
import type { CheckPart } from '../transaction.ts';
import { childOf, ensurePath } from './parents.ts';
import { UNTIL_APPLIED, UNTIL_SESSION_ENDS } from './policies.ts';

/** So often a parent that somebody deletes at the same time is made again. */
const MAX_PARENT_TRIES = 10;

export interface OwnZnodeOptions {
  readonly parent: string;
  /** Begins the name, and no other znode has it: `_c_<uuid>-` if not given. */
  readonly prefix?: string;
  /** The name behind the prefix. */
  readonly name: string;
  readonly sequential: boolean;
  readonly data: Uint8Array;
  /** Of the znode and of parents that are missing; open if not given. */
  readonly acl?: Acl;
  /** It is created only if this is fulfilled; otherwise `create` rejects with a TransactionError. */
  readonly check?: CheckPart;
}

/**
 * An ephemeral znode with a unique id in its name, `_c_<uuid>-<name>`. So it is found again after a lost connection,
 * and it is never left behind by somebody who gave up.
 */
export class OwnZnode {
  readonly #client: ZookeeperClient;
  readonly #options: OwnZnodeOptions;
  readonly #prefix: string;
  #path: string | undefined;
  /** A create was sent, and whether it is applied is not known. */
  #isInDoubt = false;

  constructor(client: ZookeeperClient, options: OwnZnodeOptions) {
    this.#client = client;
    this.#options = options;
    this.#prefix = options.prefix ?? `_c_${randomUUID()}-`;
  }

  /** Creates it once, however often the connection is lost meanwhile. When it rejects, `withdraw` has to be called. */
  create(signal: AbortSignal): Promise<PathAndStat> {
    let parentTries = 0;
    return UNTIL_SESSION_ENDS.run(
      async () => {
        try {
          const created = (this.#isInDoubt ? await this.#find(signal) : undefined) ?? (await this.#create(signal));
          this.#path = created.path;
          return created;
        } catch (error) {
          if (error instanceof TransactionError && error.index === 0) throw error;
          if (!(error instanceof ServerError) || error.code !== 'NO_NODE' || parentTries++ === MAX_PARENT_TRIES) {
            throw error;
          }
          await ensurePath(this.#client, this.#options.parent, { ...this.#acl(), signal });
          throw new ForceRetryError('the parent was missing', error);
        }
      },
      { signal },
    );
  }

  /**
   * Deletes it for good, and also what a create in doubt may have left. Resolves when there is nothing left of it, or
   * the session has ended, which deletes it as well. Never rejects.
   */
  async withdraw(): Promise<void> {
    try {
      // To delete twice does no harm: the name is not used again.
      await UNTIL_APPLIED.run(async () => {
        if (this.#path === undefined && this.#isInDoubt) await this.#find();
        if (this.#path === undefined) return;
        await this.#client.delete(this.#path).catch(ignoreNoNode);
      });
    } catch {
      // The session has ended.
    }
  }

  async #create(signal: AbortSignal): Promise<PathAndStat> {
    const { parent, name, sequential, data, check } = this.#options;
    const path = childOf(parent, this.#prefix + name);
    this.#isInDoubt = true;
    try {
      const content = { ephemeral: true, sequential, data, ...this.#acl() };
      if (check === undefined) return await this.#client.create2(path, { ...content, signal });
      return (await this.#client.multi([check, { kind: 'create2', path, ...content }], { signal }))[1];
    } catch (error) {
      if (error instanceof MaybeAppliedError) throw new ForceRetryError('look whether it is there', error);
      this.#isInDoubt = false;
      throw error;
    }
  }

  /** A create that is not applied at the time of a sync of the same session never will be. */
  async #find(signal?: AbortSignal): Promise<PathAndStat | undefined> {
    const { parent } = this.#options;
    const call = signal === undefined ? {} : { signal };
    await this.#client.sync(parent, call);
    const { children } = await this.#client.getChildren(parent, call);
    const name = children.find((child) => child.startsWith(this.#prefix));
    if (name === undefined) {
      this.#isInDoubt = false;
      return undefined;
    }
    this.#path = childOf(parent, name);
    const stat = await this.#client.exists(this.#path, call);
    return stat === undefined ? undefined : { path: this.#path, stat };
  }

  #acl(): { readonly acl?: Acl } {
    return this.#options.acl === undefined ? {} : { acl: this.#options.acl };
  }
}

function ignoreNoNode(error: unknown): void {
  if (!(error instanceof ServerError) || error.code !== 'NO_NODE') throw error;
}
