// SPDX-License-Identifier: Apache-2.0
import type { Operation } from '../operation.ts';

/** getEphemerals: prefixPath string → ephemerals vector of string, of this session, in no order */
export const getEphemerals: Operation<string, string[]> = {
  name: 'getEphemerals',
  opcode: 103,
  isWrite: false,
  encode: (writer, prefix) => writer.pathPrefix(prefix),
  decode: (reader) => reader.vector(4, () => reader.path()),
};
