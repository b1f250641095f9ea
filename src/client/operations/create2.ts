// SPDX-License-Identifier: Apache-2.0
import type { JuteReader } from '../jute-reader.ts';
import type { Operation } from '../operation.ts';
import { readStat, type Stat } from '../stat.ts';
import { type CreateRequest, encodeCreate } from './create.ts';

/** Of a new znode: where it is, and its stat. */
export interface PathAndStat {
  /** With its number, if the znode is sequential. */
  readonly path: string;
  readonly stat: Stat;
}

/** create2: path string, data buffer, acl vector, flags int → path string, stat */
export const create2: Operation<CreateRequest, PathAndStat> = {
  name: 'create2',
  opcode: 15,
  isWrite: true,
  encode: encodeCreate,
  decode: readPathAndStat,
};

export function readPathAndStat(reader: JuteReader): PathAndStat {
  return { path: reader.path(), stat: readStat(reader) };
}
