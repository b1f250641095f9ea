// SPDX-License-Identifier: Apache-2.0
import type { Acl } from '../acl.ts';
import type { ZookeeperClient } from '../client.ts';
import { ServerError } from '../errors.ts';
import type { ChildrenAndStat } from '../operations/get-children.ts';
import { ForceRetryError } from '../retry.ts';
import type { ZnodeWatch } from '../watch.ts';
import { ensurePath } from './parents.ts';
import { UNTIL_SESSION_ENDS } from './policies.ts';
import { untilFired } from './znode-end.ts';

/**
 * The children with a watch for the next change. A path that is missing is created. Lost connections are waited out.
 */
export function watchedChildren(
  client: ZookeeperClient,
  path: string,
  acl: { readonly acl?: Acl },
  signal: AbortSignal,
): Promise<ChildrenAndStat & { readonly watch: ZnodeWatch }> {
  const read = async () => {
    try {
      return await client.getChildrenAndWatch(path, { signal });
    } catch (error) {
      if (!(error instanceof ServerError) || error.code !== 'NO_NODE') throw error;
      await ensurePath(client, path, { ...acl, signal });
      throw new ForceRetryError('read it now that it is there', error);
    }
  };
  return UNTIL_SESSION_ENDS.run(read, { signal });
}

/** The children now and after each change. Changes that come quickly may be seen as one. Throws the signal's reason. */
export async function* childrenChanges(
  client: ZookeeperClient,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<readonly string[], void> {
  for (;;) {
    const { children, watch } = await watchedChildren(client, path, {}, signal);
    try {
      yield children;
      await untilFired(watch, signal);
    } finally {
      await watch.close();
    }
  }
}
