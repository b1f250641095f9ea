// SPDX-License-Identifier: Apache-2.0
import { Adler32 } from '../../src/zookeeper/adler32.ts';

/** Adler-32 of the bytes, an unsigned 32-bit number. */
export function adler32(bytes: Uint8Array): number {
  const sum = new Adler32();
  sum.update(bytes);
  return sum.value;
}
