// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../failure.ts';
import { type Struct, textAt } from '../value.ts';

/**
 * The conditional writes that S3 refuses before it reads the key. Moto does the rest: 412 when the condition does not
 * hold, 404 for If-Match on a missing key. The gateway's queue lets no other call come between check and write.
 */
export function checkConditions(action: string, input: Struct): void {
  if (action !== 'PutObject' && action !== 'CompleteMultipartUpload') return;
  const none = textAt(input, 'IfNoneMatch');
  const match = textAt(input, 'IfMatch');
  if ((none !== undefined && none !== '*') || match === '*' || (none !== undefined && match !== undefined)) {
    throw new AwsFailure('NotImplemented', 'A header you provided implies functionality that is not implemented', 501);
  }
}
