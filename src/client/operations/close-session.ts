// SPDX-License-Identifier: Apache-2.0
import type { Operation } from '../operation.ts';

/** closeSession: header alone; the server answers, then closes the connection */
export const closeSession: Operation<undefined, undefined> = {
  name: 'closeSession',
  opcode: -11,
  isWrite: false,
  encode: () => {},
  decode: () => undefined,
};
