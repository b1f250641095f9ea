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
  /** When it was created, by the clock of the leader: milliseconds since 1970. */
  readonly createdMs: number;
  /** When its data was last set, likewise. */
  readonly modifiedMs: number;
  /** Versions of the data, of the list of children and of the ACL; each change adds one. */
  readonly version: number;
  /** How often children were created or deleted. */
  readonly childrenVersion: number;
  /** How often the ACL was set. */
  readonly aclVersion: number;
  /** The session that owns an ephemeral znode, otherwise zero. */
  readonly ephemeralOwner: bigint;
  /** Of the data, in bytes. */
  readonly dataLength: number;
  /** Of its own children, not of theirs. */
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
