// SPDX-License-Identifier: Apache-2.0
import { ProtocolError } from '../errors.ts';
import type { JuteReader } from '../jute-reader.ts';
import type { ZnodeEvent } from '../watch-event.ts';
import { CONFIG_PATH } from './get-config.ts';

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
 * types are not about a znode: undefined. The config may stand outside the chroot, where only `onConfig` hears of it.
 */
export function decodeNotification(reader: JuteReader, zxid: bigint, onConfig?: () => void): ZnodeEvent | undefined {
  const kind = KINDS.get(reader.int());
  if (kind === undefined) return undefined;
  reader.int();
  const absolute = reader.string();
  if (absolute === CONFIG_PATH) onConfig?.();
  const path = reader.belowChroot(absolute);
  if (path !== undefined) return { kind, path, zxid };
  if (absolute === CONFIG_PATH) return undefined;
  throw new ProtocolError(`an event is for ${absolute}, which is not below the chroot`);
}
