// SPDX-License-Identifier: Apache-2.0
import type { Operation } from '../operation.ts';
import { readStat, type Stat } from '../stat.ts';

interface SetRequest {
  readonly path: string;
  readonly data: Uint8Array;
  /** −1 for any version. */
  readonly version: number;
}

/** setData: path string, data buffer, version int → stat */
export const set: Operation<SetRequest, Stat> = {
  name: 'set',
  opcode: 5,
  isWrite: true,
  encode: (writer, request) => {
    writer.path(request.path);
    writer.bytes(request.data);
    writer.int(request.version);
  },
  decode: readStat,
};
