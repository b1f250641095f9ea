// SPDX-License-Identifier: Apache-2.0
import type { JuteReader } from './jute-reader.ts';

/**
 * What a server knows about a znode besides its data. Transaction ids and sessions are bigints, times are Unix
 * milliseconds.
 */
export interface Stat {
  /** The transaction that created the znode. */
  readonly czxid: bigint;
  /** The transaction that last set its data. */
  readonly mzxid: bigint;
  readonly createdMs: number;
  readonly modifiedMs: number;
  /** Versions of the data, of the list of children and of the ACL; each change adds one. */
  readonly version: number;
  readonly childrenVersion: number;
  readonly aclVersion: number;
  /** The session that owns an ephemeral znode, otherwise zero. */
  readonly ephemeralOwner: bigint;
  readonly dataLength: number;
  readonly childrenCount: number;
  /** The transaction that last added or removed a child. */
  readonly pzxid: bigint;
}

/**
 * stat: czxid long, mzxid long, ctime long, mtime long, version int, cversion int, aversion int,
 *       ephemeralOwner long, dataLength int, numChildren int, pzxid long
 */
export function readStat(reader: JuteReader): Stat {
  return {
    czxid: reader.long(),
    mzxid: reader.long(),
    createdMs: reader.longAsNumber(),
    modifiedMs: reader.longAsNumber(),
    version: reader.int(),
    childrenVersion: reader.int(),
    aclVersion: reader.int(),
    ephemeralOwner: reader.long(),
    dataLength: reader.int(),
    childrenCount: reader.int(),
    pzxid: reader.long(),
  };
}
