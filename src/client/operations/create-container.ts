// SPDX-License-Identifier: Apache-2.0
import type { Operation } from '../operation.ts';
import { type CreateRequest, encodeCreate } from './create.ts';
import { type PathAndStat, readPathAndStat } from './create2.ts';

/** createContainer: path string, data buffer, acl vector, flags int (4) → path string, stat */
export const createContainer: Operation<CreateRequest, PathAndStat> = {
  name: 'createContainer',
  opcode: 19,
  isWrite: true,
  encode: encodeCreate,
  decode: readPathAndStat,
};
