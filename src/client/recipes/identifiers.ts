// SPDX-License-Identifier: Apache-2.0
import type { ZookeeperClient } from '../client.ts';
import { ServerError } from '../errors.ts';
import { childOf } from './parents.ts';
import { UNTIL_SESSION_ENDS } from './policies.ts';

/** So many znodes are read with one request. */
const BATCH = 100;

/**
 * The data of the children that `chosen` leaves, as text, in its order. Those that go meanwhile are left out. Lost
 * connections are waited out.
 */
export async function identifiersOf(
  client: ZookeeperClient,
  path: string,
  chosen: (children: readonly string[]) => readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const list = () => client.getChildren(path, { signal }).catch(noneAsEmpty);
  const { children } = await UNTIL_SESSION_ENDS.run(list, { signal });
  const parts = chosen(children).map((child) => ({ kind: 'get', path: childOf(path, child) }) as const);
  const found: string[] = [];
  for (let from = 0; from < parts.length; from += BATCH) {
    const read = () => client.multiRead(parts.slice(from, from + BATCH), { signal });
    for (const result of await UNTIL_SESSION_ENDS.run(read, { signal })) {
      if (!(result instanceof ServerError)) found.push(Buffer.from(result.data).toString());
      else if (result.code !== 'NO_NODE') throw result;
    }
  }
  return found;
}

function noneAsEmpty(error: unknown): { readonly children: readonly string[] } {
  if (error instanceof ServerError && error.code === 'NO_NODE') return { children: [] };
  throw error;
}
