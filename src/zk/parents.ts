// SPDX-License-Identifier: Apache-2.0
import { ServerError, type ZookeeperClient } from '../client/index.ts';

/** Creates the missing znodes above a path, empty. */
export async function createParents(client: ZookeeperClient, path: string, signal: AbortSignal): Promise<void> {
  const names = path.split('/').slice(1, -1);
  for (let count = 1; count <= names.length; count++) {
    const parent = `/${names.slice(0, count).join('/')}`;
    if ((await client.exists(parent, { signal })) !== undefined) continue;
    await client.create(parent, { signal }).catch((error: unknown) => {
      if (!(error instanceof ServerError && error.code === 'NODE_EXISTS')) throw error;
    });
  }
}
