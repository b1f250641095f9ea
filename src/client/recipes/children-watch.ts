// SPDX-License-Identifier: Apache-2.0
import type { ZookeeperClient } from '../client.ts';
import type { ChildrenAndStat } from '../operations/get-children.ts';
import type { CallOptions } from '../request.ts';
import { type FollowEvent, followZnode } from './followed-znode.ts';

/** The names are sorted. */
export type ChildrenWatchEvent = ({ readonly kind: 'children' } & ChildrenAndStat) | FollowEvent;

/**
 * The names of the children of a znode now, and after each change: `children`, or `missing` while the znode is not
 * there. A reader that is slow gets the newest state alone. Lost connections stand in the stream; what changed
 * meanwhile follows `reconnected`.
 *
 * When the session is lost, `ended` comes with its cause, and the iteration ends. An abort of the signal ends it
 * without a word; `timeoutMs` is the limit for each read. What a read is refused with, such as NO_AUTH, is thrown.
 */
export function childrenWatch(
  client: ZookeeperClient,
  path: string,
  call: CallOptions = {},
): AsyncGenerator<ChildrenWatchEvent, void> {
  const read = async (options: CallOptions) => {
    const { children, stat, watch } = await client.getChildrenAndWatch(path, options);
    return { state: { kind: 'children', children: children.toSorted(), stat } as const, watch };
  };
  return followZnode(client, path, read, call);
}
