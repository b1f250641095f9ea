// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';

/** Set for everything that a run of ./test.sh starts. */
export const RUN_VARIABLE = 'ZOOKEEPER_ON_AWS_TEST_RUN';

/** How the names of a run's labs begin, by which those that it leaves are found. */
export function labPrefix(mark: string): string {
  return `t${mark.slice(0, 6)}-`;
}

/** For a lab, or a network of one, that no other test has. */
export function labName(): string {
  return `${labPrefix(process.env[RUN_VARIABLE] ?? '')}${randomBytes(4).toString('hex')}`;
}
