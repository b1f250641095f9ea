// SPDX-License-Identifier: Apache-2.0
/**
 * An address besides loopback. The cloud listens there when its whole process is in a network namespace without a way
 * out, as in container labs.
 */
export const ISOLATED_ADDRESS = '10.77.0.1';

/** Whether a server of the cloud may listen here, because no other machine can ever reach it. */
export function isOwnAddress(address: string): boolean {
  return address.startsWith('127.') || address === ISOLATED_ADDRESS;
}
