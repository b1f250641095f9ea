// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';

const SIGNS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const RANDOM_SIGNS = 12;

/**
 * `<stack>-<logical id>-<12 random characters>`: CloudFormation's name for a resource without one. Both names are
 * shortened if necessary.
 */
export function physicalName(stack: string, logicalId: string, longest = 255): string {
  const room = longest - RANDOM_SIGNS - 2;
  const short = stack.length + logicalId.length <= room;
  const half = Math.floor(room / 2);
  const id = short ? logicalId : logicalId.slice(0, Math.max(half, room - stack.length));
  return `${stack.slice(0, room - id.length)}-${id}-${randomSigns(RANDOM_SIGNS)}`;
}

/** The same for a bucket: lower case, at most 63 characters. */
export function bucketName(stack: string, logicalId: string): string {
  return physicalName(stack, logicalId, 63).toLowerCase();
}

export function randomSigns(count: number): string {
  return [...randomBytes(count)].map((byte) => SIGNS[byte % SIGNS.length]).join('');
}
