// SPDX-License-Identifier: Apache-2.0
import type { JuteReader } from '../jute-reader.ts';
import type { ZnodeEvent } from '../watch-event.ts';

export const NOTIFICATION_XID = -1;

/** Source: Watcher.Event.EventType. */
const KINDS = new Map<number, ZnodeEvent['kind']>([
  [1, 'created'],
  [2, 'deleted'],
  [3, 'changed'],
  [4, 'childrenChanged'],
]);

/**
 * notification: a reply header (xid −1, the zxid of the event or −1), type int, state int, path string. Events of other
 * types are not about a znode: undefined.
 */
export function decodeNotification(reader: JuteReader, zxid: bigint): ZnodeEvent | undefined {
  const kind = KINDS.get(reader.int());
  if (kind === undefined) return undefined;
  reader.int();
  return { kind, path: reader.path(), zxid };
}
