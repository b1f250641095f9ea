// SPDX-License-Identifier: Apache-2.0
import type { ZookeeperClient } from '../client.ts';
import { ServerError } from '../errors.ts';
import type { DataAndStat } from '../operations/get.ts';
import type { CallLimit } from './call-limit.ts';
import { retriedRead } from './retried-read.ts';

/**
 * Reads znodes as they are after everything that this session has sent. Undefined for one that is not there. Waits out
 * lost connections.
 */
export async function freshRead(
  client: ZookeeperClient,
  paths: readonly string[],
  limit: CallLimit,
): Promise<readonly (DataAndStat | undefined)[]> {
  const parts = paths.map((path) => ({ kind: 'get', path }) as const);
  return retriedRead(`the read of ${paths[0]}`, limit, async (call) => {
    await client.sync(paths[0], call);
    const results: readonly (DataAndStat | ServerError)[] = await client.multiRead(parts, call);
    return results.map(known);
  });
}

/** Undefined only for what is not there. */
export function known<Result>(result: Result | ServerError): Result | undefined {
  if (!(result instanceof ServerError)) return result;
  if (result.code === 'NO_NODE') return undefined;
  throw result;
}
