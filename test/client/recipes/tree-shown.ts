// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { TreeCache, ZookeeperClient } from '../../../src/client/index.ts';

const LIMIT_MS = 120_000;

/** Each znode with its version, data and children. */
export type ShownTree = ReadonlyMap<string, string>;

export function shownCache(cache: TreeCache): ShownTree {
  const shown = [...cache.paths()].map((path) => {
    const node = cache.get(path);
    return [path, `${node?.stat.version} ${node?.data.toString()} ${cache.children(path)?.toSorted()}`] as const;
  });
  return new Map(shown.toSorted());
}

/** Read from the server, at a time when nobody changes it. */
export async function shownTree(client: ZookeeperClient, path: string): Promise<ShownTree> {
  const shown: (readonly [string, string])[] = [];
  const read = async (at: string): Promise<void> => {
    if ((await client.exists(at)) === undefined) return;
    const [{ data, stat }, { children }] = await Promise.all([client.get(at), client.getChildren(at)]);
    shown.push([at, `${stat.version} ${data.toString()} ${children.toSorted()}`]);
    await Promise.all(children.map((name) => read(`${at}/${name}`)));
  };
  await read(path);
  return new Map(shown.toSorted());
}

/** Waits until the cache holds what the server has. */
export async function untilSame(client: ZookeeperClient, cache: TreeCache): Promise<void> {
  const there = await shownTree(client, cache.path);
  const endMs = performance.now() + LIMIT_MS;
  while (!isDeepStrictEqual(shownCache(cache), there) && performance.now() < endMs) await sleep(5);
  assert.deepEqual(shownCache(cache), there);
}
