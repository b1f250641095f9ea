// SPDX-License-Identifier: Apache-2.0
/**
 * Transaction logs made byte by byte, for what a real server only writes when it is interrupted at the right moment.
 */
import { toZxid, type Zxid } from '../../src/model/zxid.ts';
import { adler32 } from './adler32.ts';

export const LOG_HEADER = Buffer.from('5a4b4c47000000020000000000000000', 'hex');

export function logEntry(zxid: number, bodyBytes = 40): Buffer {
  const body = Buffer.alloc(bodyBytes, zxid % 251);
  body.writeBigInt64BE(BigInt(zxid), 12);
  const entry = Buffer.alloc(12 + bodyBytes + 1);
  entry.writeBigInt64BE(BigInt(adler32(body)), 0);
  entry.writeInt32BE(bodyBytes, 8);
  body.copy(entry, 12);
  entry[12 + bodyBytes] = 0x42;
  return entry;
}

export function zxid(value: number): Zxid {
  return toZxid(BigInt(value));
}
