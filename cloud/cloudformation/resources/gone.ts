// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../../failure.ts';

/** Deletes, and takes the service's word that it is not there any more for success. */
export async function unlessGone(deletion: Promise<unknown>, ...codes: readonly string[]): Promise<void> {
  try {
    await deletion;
  } catch (error) {
    if (!(error instanceof AwsFailure) || !codes.includes(error.code)) throw error;
  }
}
