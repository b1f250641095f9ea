// SPDX-License-Identifier: Apache-2.0
import { type Acl, writeAcl } from '../acl.ts';
import type { Operation } from '../operation.ts';

interface CreateRequest {
  readonly path: string;
  readonly data: Uint8Array;
  readonly acl: Acl;
  readonly ephemeral: boolean;
  readonly sequential: boolean;
}

/**
 * create: path string, data buffer, acl vector, flags int (1 ephemeral, 2 sequential) → path string, with its number
 */
export const create: Operation<CreateRequest, string> = {
  name: 'create',
  opcode: 1,
  isWrite: true,
  encode: (writer, request) => {
    writer.string(request.path);
    writer.bytes(request.data);
    writeAcl(writer, request.acl);
    writer.int((request.ephemeral ? 1 : 0) + (request.sequential ? 2 : 0));
  },
  decode: (reader) => reader.string(),
};
