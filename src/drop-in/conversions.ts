// SPDX-License-Identifier: Apache-2.0
/** What the client has and what the old API has, each made of the other. */
import {
  type Acl,
  type AclEntry,
  type CreateMode as ModeOfZnode,
  NULL_DATA,
  type Stat,
  type ZnodeEvent,
} from '../client/index.ts';
import { ACL, Id } from './acl.ts';
import type { BufferStat } from './api.ts';
import { CreateMode } from './create-mode.ts';
import { Event } from './event.ts';

const NAMES = {
  created: 'NODE_CREATED',
  deleted: 'NODE_DELETED',
  changed: 'NODE_DATA_CHANGED',
  childrenChanged: 'NODE_CHILDREN_CHANGED',
} as const satisfies Record<ZnodeEvent['kind'], keyof typeof Event>;

export function eventOf({ kind, path }: ZnodeEvent): Event {
  const name = NAMES[kind];
  return new Event(Event[name], name, path);
}

const MODES = new Map<number, ModeOfZnode>([
  [CreateMode.PERSISTENT, {}],
  [CreateMode.EPHEMERAL, { ephemeral: true }],
  [CreateMode.PERSISTENT_SEQUENTIAL, { sequential: true }],
  [CreateMode.EPHEMERAL_SEQUENTIAL, { ephemeral: true, sequential: true }],
  // Without a name in the old API, whose servers had none; today's take the number.
  [4, { container: true }],
]);

/** Undefined for a number that is no mode. */
export function modeOf(number: number): ModeOfZnode | undefined {
  return MODES.get(number);
}

export function aclOf(entries: readonly ACL[]): Acl {
  return entries.map(({ permission, id }) => ({ permissions: permission, scheme: id.scheme, id: id.id }));
}

/** A server may have entries that the constructor refuses, such as one without a permission. */
export function toOldAcl(acl: readonly AclEntry[]): ACL[] {
  return acl.map(({ permissions, scheme, id }) => {
    const who: Id = Object.assign(Object.create(Id.prototype), { scheme, id });
    return Object.assign(Object.create(ACL.prototype), { permission: permissions, id: who });
  });
}

export function bufferStatOf(stat: Stat): BufferStat {
  return {
    czxid: longOf(stat.czxid),
    mzxid: longOf(stat.mzxid),
    ctime: longOf(BigInt(stat.createdMs)),
    mtime: longOf(BigInt(stat.modifiedMs)),
    version: stat.version,
    cversion: stat.childrenVersion,
    aversion: stat.aclVersion,
    ephemeralOwner: longOf(stat.ephemeralOwner),
    dataLength: stat.dataLength,
    numChildren: stat.childrenCount,
    pzxid: longOf(stat.pzxid),
  };
}

export function longOf(number: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(number);
  return bytes;
}

/** Null data is undefined in the old API, whose types do not say so. */
export function dataOf(data: Buffer): Buffer {
  return (data === NULL_DATA ? undefined : data) as Buffer;
}
