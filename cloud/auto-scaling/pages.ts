// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../failure.ts';
import { numberAt, type Struct, textAt } from '../value.ts';

/** Returns one page of a list by MaxRecords and NextToken, under the name in the operation's output. */
export function page(items: readonly Struct[], name: string, input: Struct, usual: number, most: number): Struct {
  const size = numberAt(input, 'MaxRecords') ?? usual;
  if (size < 1 || size > most) {
    throw new AwsFailure('ValidationError', `MaxRecords must be between 1 and ${most}, not ${size}`);
  }
  const token = textAt(input, 'NextToken') ?? '0';
  if (!/^\d+$/.test(token)) throw new AwsFailure('InvalidNextToken', 'The token is not valid');
  const from = Number(token);
  const next = from + size < items.length ? { NextToken: String(from + size) } : {};
  return { [name]: items.slice(from, from + size), ...next };
}
