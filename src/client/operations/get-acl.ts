// SPDX-License-Identifier: Apache-2.0
import { type AclEntry, readAcl } from '../acl.ts';
import type { Operation } from '../operation.ts';
import { readStat, type Stat } from '../stat.ts';

/** The ACL of a znode, with its stat. */
export interface AclAndStat {
  readonly acl: AclEntry[];
  readonly stat: Stat;
}

/** getACL: path string → acl vector, stat; without the right to set it, the secret part of a digest is an `x` */
export const getAcl: Operation<string, AclAndStat> = {
  name: 'getAcl',
  opcode: 6,
  isWrite: false,
  encode: (writer, path) => writer.path(path),
  decode: (reader) => ({ acl: readAcl(reader), stat: readStat(reader) }),
};
