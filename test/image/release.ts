// SPDX-License-Identifier: Apache-2.0
/** Of which Debian release the tests' image is made. */

export const RELEASE_VARIABLE = 'IMAGE_TEST_DEBIAN';

/** 12 unless somebody asked for another one. */
export function testedRelease(): string {
  return process.env[RELEASE_VARIABLE] || '12';
}
