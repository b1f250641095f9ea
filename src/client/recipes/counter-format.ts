// SPDX-License-Identifier: Apache-2.0
import { ZookeeperError } from '../errors.ts';

/** Digits of any number, four bytes, or eight; the most significant byte comes first. */
export type CounterFormat = 'decimal' | 'int32' | 'int64';

const BITS = { int32: 32, int64: 64 } as const;

/** Throws BAD_REQUEST for a number that has no room. */
export function encodeCount(value: bigint, format: CounterFormat): Uint8Array {
  if (format === 'decimal') return Buffer.from(String(value));
  const bits = BITS[format];
  if (BigInt.asIntN(bits, value) !== value) {
    throw new ZookeeperError('BAD_REQUEST', `a counter of the format ${format} has no room for ${value}`);
  }
  const data = Buffer.alloc(bits / 8);
  if (format === 'int32') data.writeInt32BE(Number(value));
  else data.writeBigInt64BE(value);
  return data;
}

/** Undefined for what is no number of this format. */
export function decodeCount(data: Uint8Array, format: CounterFormat): bigint | undefined {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (format === 'decimal') {
    const text = bytes.toString();
    return /^-?\d+$/.test(text) ? BigInt(text) : undefined;
  }
  if (bytes.length !== BITS[format] / 8) return undefined;
  return format === 'int32' ? BigInt(bytes.readInt32BE()) : bytes.readBigInt64BE();
}
