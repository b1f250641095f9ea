// SPDX-License-Identifier: Apache-2.0
import type { JuteWriter } from '../jute-writer.ts';
import type { Operation } from '../operation.ts';
import { type CreateRequest, encodeCreate } from './create.ts';
import { type PathAndStat, readPathAndStat } from './create2.ts';

/**
 * createTTL: path string, data buffer, acl vector, flags int (5 or 6), ttl long, in milliseconds → path string, stat
 */
export const createTtl: Operation<CreateRequest, PathAndStat> = {
  name: 'createTTL',
  opcode: 21,
  isWrite: true,
  encode: encodeCreateTtl,
  decode: readPathAndStat,
};

export function encodeCreateTtl(writer: JuteWriter, request: CreateRequest): void {
  encodeCreate(writer, request);
  writer.long(BigInt(request.ttlMs ?? 0));
}
