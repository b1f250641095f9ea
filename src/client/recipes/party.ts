// SPDX-License-Identifier: Apache-2.0
import type { Acl } from '../acl.ts';
import type { ZookeeperClient } from '../client.ts';
import { pathProblem } from '../path.ts';
import type { CallOptions, SignalOptions } from '../request.ts';
import { childrenChanges } from './children-changes.ts';
import { releaseLate } from './fair-lock.ts';
import type { Hold } from './hold.ts';
import { holdOwn } from './hold-own.ts';
import { identifiersOf } from './identifiers.ts';
import { within } from './wait-limit.ts';

/** As whom a member joins. */
export interface PartyOptions {
  /** What others see as the member: it is the data of its znode. Empty if not given. */
  readonly identifier?: string;
  /** The ACL of the znodes; open to all if not given. */
  readonly acl?: Acl;
}

const NAME = '__party__';
const NO_SIGNAL = new AbortController().signal;

/**
 * Who is here: members join and leave, and everybody sees who has joined. The same client may join more than once.
 *
 * **When the session is lost**, its member is no longer here: the servers delete its znode, and the `signal` of its
 * Hold is aborted, in doubt before that. It joins again with a new client. A lost connection alone is waited out.
 * Others see a member that died until its session timeout is over.
 *
 * **Other libraries**: Kazoo's `Party` takes part. Its `ShallowParty` and Curator's `GroupMember` name znodes
 * otherwise.
 */
export class Party {
  readonly #client: ZookeeperClient;
  readonly #path: string;
  readonly #options: PartyOptions;
  readonly #what: string;

  /** The path is created when it is missing, and stays. Throws BAD_REQUEST for a path that is none. */
  constructor(client: ZookeeperClient, path: string, options: PartyOptions = {}) {
    const problem = pathProblem(path, false);
    if (problem !== undefined) throw problem;
    this.#client = client;
    this.#path = path;
    this.#options = options;
    this.#what = `party ${path}`;
  }

  /** Resolves when the member is here. To leave is to release the Hold. When it rejects, nothing is left of it. */
  join(call: CallOptions = {}): Promise<Hold> {
    const { identifier = '', acl } = this.#options;
    const data = Buffer.from(identifier);
    const znode = { parent: this.#path, name: NAME, sequential: false, data, ...(acl === undefined ? {} : { acl }) };
    return within(this.#what, call, (signal) => holdOwn(this.#what, this.#client, znode, signal), releaseLate);
  }

  /** The identifiers of those who are here, sorted. */
  members(call: CallOptions = {}): Promise<string[]> {
    return within(this.#what, call, (signal) => this.#read(signal));
  }

  /** The members now, and after each change. Ends when the signal is aborted; throws when the session ends. */
  async *changes({ signal = NO_SIGNAL }: SignalOptions = {}): AsyncGenerator<string[], void> {
    let told: string | undefined;
    try {
      for await (const _ of childrenChanges(this.#client, this.#path, signal)) {
        const members = await this.#read(signal);
        const text = JSON.stringify(members);
        if (text === told) continue;
        told = text;
        yield members;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #read(signal: AbortSignal): Promise<string[]> {
    const ours = (children: readonly string[]) => children.filter((name) => name.includes(NAME));
    return (await identifiersOf(this.#client, this.#path, ours, signal)).sort();
  }
}
