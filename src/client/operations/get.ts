// SPDX-License-Identifier: Apache-2.0
import type { Operation } from '../operation.ts';
import { readStat, type Stat } from '../stat.ts';

/** The data of a znode, with its stat. */
export interface DataAndStat {
  /** Null data reads as NULL_DATA, which is empty. */
  readonly data: Buffer;
  readonly stat: Stat;
}

/** getData: path string, watch boolean → data buffer, stat */
export const get: Operation<string, DataAndStat> = {
  name: 'get',
  opcode: 4,
  isWrite: false,
  encode: (writer, path) => {
    writer.path(path);
    writer.boolean(false);
  },
  decode: (reader) => ({ data: reader.bytes(), stat: readStat(reader) }),
};

/** The same, with a watch. */
export const getWatched: typeof get = {
  ...get,
  encode: (writer, path) => {
    writer.path(path);
    writer.boolean(true);
  },
};
