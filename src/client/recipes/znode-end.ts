// SPDX-License-Identifier: Apache-2.0
import type { ZookeeperClient } from '../client.ts';
import { ClientClosedError, ServerError, toError } from '../errors.ts';
import type { ZnodeWatch } from '../watch.ts';
import { UNTIL_SESSION_ENDS } from './policies.ts';

/**
 * Resolves when there is no such znode. Lost connections are waited out. Rejects with the signal's reason, or when the
 * client has ended.
 */
export async function untilDeleted(client: ZookeeperClient, path: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    // A read of the data sets no watch where there is no znode.
    const watch = await UNTIL_SESSION_ENDS.run(
      () => client.getAndWatch(path, { signal }).then(({ watch }) => watch, absentAsUndefined),
      { signal },
    );
    if (watch === undefined || (await untilFired(watch, signal)) === 'deleted') return;
  }
}

function absentAsUndefined(error: unknown): undefined {
  if (error instanceof ServerError && error.code === 'NO_NODE') return undefined;
  throw error;
}

/**
 * The event of a watch for one event. A lost connection is none: the watch is set again. Throws when the client ends.
 */
export async function untilFired(watch: ZnodeWatch, signal: AbortSignal): Promise<string> {
  for await (const event of watch) {
    if (event.kind === 'disconnected' || event.kind === 'rearmed') continue;
    if (event.kind === 'expired' || event.kind === 'closed') {
      throw event.cause === undefined ? new ClientClosedError('the client is closed') : toError(event.cause);
    }
    return event.kind;
  }
  signal.throwIfAborted();
  return 'removed';
}
