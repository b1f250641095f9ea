// SPDX-License-Identifier: Apache-2.0
import type { Operation } from '../operation.ts';

/** getAllChildrenNumber: path string → totalNumber int, of all znodes below the path */
export const getAllChildrenNumber: Operation<string, number> = {
  name: 'getAllChildrenNumber',
  opcode: 104,
  isWrite: false,
  encode: (writer, path) => writer.path(path),
  decode: (reader) => reader.int(),
};
