// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { ConnectionLostError, endOf, MaybeAppliedError, ServerError, ZookeeperError } from './errors.ts';
import { create2, type PathAndStat } from './operations/create2.ts';
import type { CallOptions } from './request.ts';
import type { Stat } from './stat.ts';
import type { CreateContent } from './transaction.ts';

/** What a new znode gets, of what kind it is, and the limits of the call. */
export interface CreateOptions extends CallOptions, CreateContent {
  /**
   * For a sequential znode: puts a unique id before its name, `_c_<uuid>-`. After a lost connection the client looks
   * for it, and creates it only if it is not there. MAYBE_APPLIED is then left for a session that ended.
   */
  readonly protected?: boolean;
}

interface CreatingClient {
  create2(path: string, options: CreateOptions): Promise<PathAndStat>;
  sync(path: string, call: CallOptions): Promise<void>;
  getChildren(path: string, call: CallOptions): Promise<{ readonly children: readonly string[] }>;
  exists(path: string, call: CallOptions): Promise<Stat | undefined>;
}

/**
 * A sequential create that is done exactly once, as long as its session lives: the name has a unique id in it, by which
 * the znode is found after a loss. What the servers have not applied by the time of a sync of the same session, they
 * never do, since the session has moved on. So it is then created again.
 */
export async function createProtected(
  client: CreatingClient,
  path: string,
  options: CreateOptions,
): Promise<PathAndStat> {
  const name = { op: create2.name, path };
  if (options.sequential !== true) {
    throw new ZookeeperError('BAD_REQUEST', 'only a sequential create can be protected').of(name);
  }
  const { protected: _, timeoutMs, ...rest } = options;
  const nameAt = path.lastIndexOf('/') + 1;
  const parent = path.slice(0, Math.max(1, nameAt - 1));
  const prefix = `_c_${randomUUID()}-`;
  const unique = path.slice(0, nameAt) + prefix + path.slice(nameAt);
  const call = callWithin(timeoutMs, rest);
  for (;;) {
    try {
      return await client.create2(unique, { ...rest, ...call() });
    } catch (error) {
      if (!isLoss(error)) throw endOf(name, error);
      const found = await foundAfter(client, parent, prefix, call).catch(() => {
        // Whether it is there, is still not known.
        throw endOf(name, error);
      });
      if (found !== undefined) return found;
    }
  }
}

/** Looks until it has an answer: a connection may be lost again. */
async function foundAfter(
  client: CreatingClient,
  parent: string,
  prefix: string,
  call: () => CallOptions,
): Promise<PathAndStat | undefined> {
  for (;;) {
    try {
      await client.sync(parent, call());
      const { children } = await client.getChildren(parent, call());
      const name = children.find((child) => child.startsWith(prefix));
      if (name === undefined) return undefined;
      const path = parent === '/' ? `/${name}` : `${parent}/${name}`;
      const stat = await client.exists(path, call());
      if (stat !== undefined) return { path, stat };
      throw new ZookeeperError('NO_NODE', `${path} was created, and is deleted already`);
    } catch (error) {
      if (!(error instanceof ConnectionLostError)) throw error;
    }
  }
}

/** The limit is for all requests together. */
function callWithin(timeoutMs: number | undefined, { signal }: CallOptions): () => CallOptions {
  const startMs = performance.now();
  return () => ({
    ...(signal === undefined ? {} : { signal }),
    ...(timeoutMs === undefined
      ? {}
      : { timeoutMs: Math.max(1, Math.ceil(timeoutMs - (performance.now() - startMs))) }),
  });
}

/** Not for a call that ran into its limit or was aborted: its caller waits no longer. */
function isLoss(error: unknown): error is MaybeAppliedError {
  if (!(error instanceof MaybeAppliedError)) return false;
  return error.cause instanceof ConnectionLostError || error.cause instanceof ServerError;
}
