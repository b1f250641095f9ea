// SPDX-License-Identifier: Apache-2.0
import type { Operation } from '../operation.ts';

/** sync: path string → path string; the server then has everything that the leader had committed */
export const sync: Operation<string, void> = {
  name: 'sync',
  opcode: 9,
  isWrite: false,
  encode: (writer, path) => writer.path(path),
  decode: () => {},
};
