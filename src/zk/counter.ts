// SPDX-License-Identifier: Apache-2.0
/**
 * The counter of a znode from which the servers number its sequential children. It counts the children ever created,
 * and no request sets it. Source: PrepRequestProcessor and DataNode.copyStat of 3.9, which shows to clients
 * `2 × counter − children` as the version of the children.
 */
import type { Stat, ZookeeperClient } from '../client/index.ts';

/** The pairs of a create and a delete in one transaction. */
const PAIRS = 500;
const PROBE = 'zk-import-counter-';

export function counterOf({ childrenVersion, childrenCount }: Stat): number {
  return (childrenVersion + childrenCount) / 2;
}

export interface CounterRaise {
  readonly path: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Raises the counter of a znode to at least this, by creating and deleting children. Resolves with what is missing
 * where that would take more than `most` of them, and then it changes nothing.
 */
export async function raiseCounter(
  client: ZookeeperClient,
  { path, to, most, signal }: { path: string; to: number; most: number; signal: AbortSignal },
): Promise<CounterRaise | undefined> {
  const stat = await client.exists(path, { signal });
  if (stat === undefined) return { path, from: 0, to };
  const from = counterOf(stat);
  if (from >= to) return undefined;
  if (to - from > most) return { path, from, to };
  const probe = path === '/' ? `/${PROBE}` : `${path}/${PROBE}`;
  for (let left = to - from; left > 0; left -= PAIRS) {
    const pairs = Array.from({ length: Math.min(left, PAIRS) }, () => [
      { kind: 'create', path: probe } as const,
      { kind: 'delete', path: probe } as const,
    ]);
    await client.multi(pairs.flat(), { signal });
  }
  return undefined;
}
