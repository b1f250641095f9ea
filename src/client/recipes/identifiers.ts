// SPDX-License-Identifier: Apache-2.0
import type { ZookeeperClient } from '../client.ts';
import { ServerError } from '../errors.ts';
import { childOf } from './parents.ts';

/** The data of the children that `chosen` leaves, as text, in its order. Those that go meanwhile are left out. */
export async function identifiersOf(
  client: ZookeeperClient,
  path: string,
  chosen: (children: readonly string[]) => readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const { children } = await client.getChildren(path, { signal }).catch(absentAs({ children: [] }));
  const found = await Promise.all(
    chosen(children).map((child) => client.get(childOf(path, child), { signal }).catch(absentAs(undefined))),
  );
  return found.flatMap((znode) => (znode === undefined ? [] : [Buffer.from(znode.data).toString()]));
}

function absentAs<Empty>(empty: Empty): (error: unknown) => Empty {
  return (error) => {
    if (error instanceof ServerError && error.code === 'NO_NODE') return empty;
    throw error;
  };
}
