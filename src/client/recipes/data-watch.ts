// SPDX-License-Identifier: Apache-2.0
import type { ZookeeperClient } from '../client.ts';
import type { DataAndStat } from '../operations/get.ts';
import type { CallOptions } from '../request.ts';
import { type FollowEvent, followZnode } from './followed-znode.ts';

/** What `dataWatch` tells: the data of the znode with its stat, or what stands between two states of it. */
export type DataWatchEvent = ({ readonly kind: 'data' } & DataAndStat) | FollowEvent;

/**
 * The data of a znode now, and after each change: `data`, or `missing` while it is not there. A reader that is slow
 * gets the newest state alone. Lost connections stand in the stream; what changed meanwhile follows `reconnected`.
 *
 * When the session is lost, `ended` comes with its cause, and the iteration ends. An abort of the signal ends it
 * without a word; `timeoutMs` is the limit for each read. What a read is refused with, such as NO_AUTH, is thrown.
 */
export function dataWatch(
  client: ZookeeperClient,
  path: string,
  call: CallOptions = {},
): AsyncGenerator<DataWatchEvent, void> {
  const read = async (options: CallOptions) => {
    const { data, stat, watch } = await client.getAndWatch(path, options);
    return { state: { kind: 'data', data, stat } as const, watch };
  };
  return followZnode(client, path, read, call);
}
