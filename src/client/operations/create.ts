// SPDX-License-Identifier: Apache-2.0
import { type Acl, writeAcl } from '../acl.ts';
import { type CreateMode, flagsOf } from '../create-mode.ts';
import type { JuteWriter } from '../jute-writer.ts';
import type { Operation } from '../operation.ts';

export interface CreateRequest extends CreateMode {
  readonly path: string;
  readonly data: Uint8Array;
  readonly acl: Acl;
}

/** create: path string, data buffer, acl vector, flags int → path string, with its number */
export const create: Operation<CreateRequest, string> = {
  name: 'create',
  opcode: 1,
  isWrite: true,
  encode: encodeCreate,
  decode: (reader) => reader.path(),
};

export function encodeCreate(writer: JuteWriter, request: CreateRequest): void {
  if (request.sequential === true) writer.pathPrefix(request.path);
  else writer.path(request.path);
  writer.bytes(request.data);
  writeAcl(writer, request.acl);
  writer.int(flagsOf(request));
}
