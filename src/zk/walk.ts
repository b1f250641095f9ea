// SPDX-License-Identifier: Apache-2.0

/** Every znode of a tree, parents before their children, with many requests in flight and a limit. */
import { type ChildrenAndStat, ServerError, type ZookeeperClient } from '../client/index.ts';
import { batchesOf } from './batches.ts';
import { ZkError } from './zk-error.ts';

/** The znodes that are asked for at once. */
/** The servers' own part of the tree, which no export holds and no deletion reaches. */
export const SERVERS_OWN = '/zookeeper';

interface WalkOptions {
  readonly signal: AbortSignal;
  /** Levels below the top. */
  readonly depth?: number | undefined;
  /** With more znodes the walk ends in TOO_MANY. */
  readonly most?: number | undefined;
}

export interface Found {
  readonly path: string;
  readonly level: number;
  readonly children: readonly string[];
}

/** Level by level. A znode that is deleted meanwhile is left out; without the top it rejects with NO_NODE. */
export async function walk(client: ZookeeperClient, top: string, options: WalkOptions): Promise<readonly Found[]> {
  const { depth = Number.POSITIVE_INFINITY, most = Number.POSITIVE_INFINITY } = options;
  const found: Found[] = [];
  let level = [top];
  for (let number = 0; level.length > 0; number++) {
    const next: string[] = [];
    for (const paths of batchesOf(level)) {
      const answers = await Promise.all(paths.map((path) => childrenOf(client, path, path === top, options.signal)));
      for (const [index, answer] of answers.entries()) {
        const path = paths[index] ?? top;
        if (answer === undefined) continue;
        const children = answer.children.toSorted().map((name) => below(path, name));
        const shown = children.filter((child) => child !== SERVERS_OWN || top === SERVERS_OWN);
        found.push({ path, level: number, children: number < depth ? shown : [] });
        if (number < depth) next.push(...shown);
      }
      if (found.length + next.length > most) {
        throw new ZkError('TOO_MANY', `There are more than ${most} znodes at ${top}.`);
      }
    }
    level = next;
  }
  return found;
}

async function childrenOf(
  client: ZookeeperClient,
  path: string,
  isTop: boolean,
  signal: AbortSignal,
): Promise<ChildrenAndStat | undefined> {
  return await orGone(client.getChildren(path, { signal }), isTop);
}

/** Undefined where the znode is gone; except of the top, whose lack is an error. */
export async function orGone<T>(asked: Promise<T>, isTop: boolean): Promise<T | undefined> {
  return await asked.catch((error: unknown) => {
    if (!isTop && error instanceof ServerError && error.code === 'NO_NODE') return undefined;
    throw error;
  });
}

/** `/` has no name of its own. */
export function below(path: string, name: string): string {
  return path === '/' ? `/${name}` : `${path}/${name}`;
}
