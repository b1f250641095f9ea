// SPDX-License-Identifier: Apache-2.0
import type { Operation } from '../operation.ts';

interface DeleteRequest {
  readonly path: string;
  /** −1 for any version. */
  readonly version: number;
}

/** delete: path string, version int → nothing */
export const deleteNode: Operation<DeleteRequest, void> = {
  name: 'delete',
  opcode: 2,
  isWrite: true,
  encode: (writer, request) => {
    writer.path(request.path);
    writer.int(request.version);
  },
  decode: () => {},
};
