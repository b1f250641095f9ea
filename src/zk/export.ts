// SPDX-License-Identifier: Apache-2.0
import type { ZookeeperClient } from '../client/index.ts';
import { batchesOf } from './batches.ts';
import { orGone, walk } from './walk.ts';
import { FORMAT, lineOf, type ZnodeLine } from './znode-line.ts';

/** Writes a tree line by line (see znode-line.ts). Resolves with the number of znodes. */
export async function exportTree(
  client: ZookeeperClient,
  top: string,
  write: (line: string) => Promise<void>,
  signal: AbortSignal,
): Promise<number> {
  const found = await walk(client, top, { signal });
  await write(JSON.stringify({ format: FORMAT, path: top }));
  let count = 0;
  // What hangs on a znode that is not exported is not exported either.
  const left = new Set<string>();
  for (const paths of batchesOf(found.map(({ path }) => path))) {
    const lines = await Promise.all(paths.map((path) => readLine(client, top, path, signal)));
    for (const [index, line] of lines.entries()) {
      const path = paths[index] ?? top;
      if (line === undefined || left.has(parentIn(path))) left.add(path);
      else {
        await write(JSON.stringify(line));
        count += 1;
      }
    }
  }
  return count;
}

async function readLine(
  client: ZookeeperClient,
  top: string,
  path: string,
  signal: AbortSignal,
): Promise<ZnodeLine | undefined> {
  const isTop = path === top;
  const [content, acl] = await Promise.all([
    orGone(client.get(path, { signal }), isTop),
    orGone(client.getAcl(path, { signal }), isTop),
  ]);
  if (content === undefined || acl === undefined) return undefined;
  const relative = isTop ? '' : path.slice(top === '/' ? 0 : top.length);
  return lineOf(relative, content.data, content.stat, acl.acl);
}

function parentIn(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}
