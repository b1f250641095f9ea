// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../../failure.ts';

/** Deletes something. If the service says that it no longer exists, that is success. */
export async function unlessGone(deletion: Promise<unknown>, ...codes: readonly string[]): Promise<void> {
  try {
    await deletion;
  } catch (error) {
    if (!(error instanceof AwsFailure) || !codes.includes(error.code)) throw error;
  }
}
