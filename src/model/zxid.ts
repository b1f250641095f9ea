// SPDX-License-Identifier: Apache-2.0
/**
 * A ZooKeeper transaction id, or a config version (which is one), as 16 lowercase hex digits. With the fixed width,
 * strings compare like the numbers. As strings they keep observations plain JSON.
 */
export type Zxid = string;

export const ZXID_ZERO: Zxid = '0000000000000000';

export function toZxid(value: bigint): Zxid {
  // A server without a database says −1. It has seen nothing, which zero means as well.
  return (value < 0n ? 0n : value).toString(16).padStart(16, '0');
}

export function fromZxid(zxid: Zxid): bigint {
  return BigInt(`0x${zxid}`);
}

/** The epoch is the high half of a transaction id. */
export function epochOf(zxid: Zxid): number {
  return Number.parseInt(zxid.slice(0, 8), 16);
}
