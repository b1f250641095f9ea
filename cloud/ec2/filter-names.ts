// SPDX-License-Identifier: Apache-2.0
import { type ApiModel, shapeOf } from '../api-model/model.ts';
import { AwsFailure } from '../failure.ts';
import { type Struct, structsAt, textAt } from '../value.ts';

/**
 * `<li> <p> <code>vpc-id</code> - The ID of the VPC.`: EC2's model has the filters of a call only in its documentation.
 */
const NAMED_FILTER = /<li>\s*<p>\s*<code>([^<]+)<\/code>/g;

/** Refuses a filter that is not in the documentation of the call. Some calls document no filters; these accept any. */
export function checkFilterNames(model: ApiModel, action: string, input: Struct): void {
  const use = model.operations[action]?.input;
  const documented = use === undefined ? undefined : shapeOf(model, use).members?.Filters?.documentation;
  const names = new Set([...(documented ?? '').matchAll(NAMED_FILTER)].map(([, name]) => name));
  if (names.size === 0) return;
  for (const filter of structsAt(input, 'Filters')) {
    const name = textAt(filter, 'Name') ?? '';
    // The documentation describes tag filters in many different forms.
    if (names.has(name) || /^tag[:-]/.test(name)) continue;
    throw new AwsFailure('InvalidParameterValue', `The filter '${name}' is invalid`);
  }
}
