// SPDX-License-Identifier: Apache-2.0
import type { Operation } from '../operation.ts';

/** addWatch: path string, mode int (0 persistent, 1 persistent recursive) → err int, which is always 0 */
export const addPersistentWatch: Operation<string, void> = addWatch(0);
export const addRecursiveWatch: Operation<string, void> = addWatch(1);

function addWatch(mode: number): Operation<string, void> {
  return {
    name: 'addWatch',
    opcode: 106,
    isWrite: false,
    encode: (writer, path) => {
      writer.path(path);
      writer.int(mode);
    },
    decode: (reader) => {
      reader.int();
    },
  };
}
