// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ZookeeperClient } from '../../../src/client/index.ts';

/** None for a znode that is not there. */
export async function childrenOf(client: ZookeeperClient, path: string): Promise<readonly string[]> {
  return (await client.exists(path)) === undefined ? [] : (await client.getChildren(path)).children;
}

export async function untilCount(client: ZookeeperClient, path: string, count: number): Promise<void> {
  while ((await childrenOf(client, path)).length !== count) await sleep(5);
}

export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
