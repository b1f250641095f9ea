// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../failure.ts';
import { type Struct, textAt } from '../value.ts';

/**
 * What S3 refuses of conditional writes before it looks at the key. The rest is moto's: 412 when the condition does
 * not hold, 404 for If-Match on a key that is not there. The gateway's queue makes look and write one.
 */
export function checkConditions(action: string, input: Struct): void {
  if (action !== 'PutObject' && action !== 'CompleteMultipartUpload') return;
  const none = textAt(input, 'IfNoneMatch');
  const match = textAt(input, 'IfMatch');
  if ((none !== undefined && none !== '*') || match === '*' || (none !== undefined && match !== undefined)) {
    throw new AwsFailure('NotImplemented', 'A header you provided implies functionality that is not implemented', 501);
  }
}
