// SPDX-License-Identifier: Apache-2.0
import type { Operation } from '../operation.ts';
import { readStat, type Stat } from '../stat.ts';

/** exists: path string, watch boolean → stat, or the error "no node" */
export const exists: Operation<string, Stat | undefined> = {
  name: 'exists',
  opcode: 3,
  isWrite: false,
  encode: (writer, path) => {
    writer.path(path);
    writer.boolean(false);
  },
  decode: readStat,
  noNode: () => undefined,
};

/** The same, with a watch. */
export const existsWatched: typeof exists = {
  ...exists,
  encode: (writer, path) => {
    writer.path(path);
    writer.boolean(true);
  },
};
