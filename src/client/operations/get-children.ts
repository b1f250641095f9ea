// SPDX-License-Identifier: Apache-2.0
import type { Operation } from '../operation.ts';
import { readStat, type Stat } from '../stat.ts';

/** The children of a znode, with its stat. */
export interface ChildrenAndStat {
  /** Names without the path, in no order. */
  readonly children: string[];
  readonly stat: Stat;
}

/** getChildren2: path string, watch boolean → children vector of string, stat */
export const getChildren: Operation<string, ChildrenAndStat> = {
  name: 'getChildren',
  opcode: 12,
  isWrite: false,
  encode: (writer, path) => {
    writer.path(path);
    writer.boolean(false);
  },
  decode: (reader) => ({ children: reader.strings(), stat: readStat(reader) }),
};

/** The same, with a watch. */
export const getChildrenWatched: typeof getChildren = {
  ...getChildren,
  encode: (writer, path) => {
    writer.path(path);
    writer.boolean(true);
  },
};
