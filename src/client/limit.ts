// SPDX-License-Identifier: Apache-2.0
import { ZookeeperError } from './errors.ts';

/** What is wrong with a limit, as BAD_REQUEST. Timers and the wire carry 32-bit numbers. */
export function limitProblem(name: string, value: number, least = 1): ZookeeperError | undefined {
  if (Number.isInteger(value) && value >= least && value <= 0x7fff_ffff) return undefined;
  return new ZookeeperError('BAD_REQUEST', `${name} must be a whole number from ${least}, it is ${value}`);
}
