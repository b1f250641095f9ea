// SPDX-License-Identifier: Apache-2.0
/**
 * Beside loopback: the address at which the cloud listens when its whole process is in a network namespace that has no
 * way out, as labs of containers have it.
 */
export const ISOLATED_ADDRESS = '10.77.0.1';

/** Whether a server of the cloud may listen here: nobody from outside of this machine ever reaches it. */
export function isOwnAddress(address: string): boolean {
  return address.startsWith('127.') || address === ISOLATED_ADDRESS;
}
