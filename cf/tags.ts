// SPDX-License-Identifier: Apache-2.0
/** The tags of every resource of a stack, in CloudFormation's form: a list of keys and values. */
import type { JsonObject } from './cloudformation.ts';
import { ref, sub } from './cloudformation.ts';
import { CLUSTER_TAG, clusterId } from './cluster.ts';
import type { TemplateOptions } from './template-options.ts';

/** The agent reads the id that goes with an Elastic IP from this tag. */
export const ID_TAG = 'myid';

/** `what` is the last word of the tag Name, as in `orders node`. */
export function tagsOf(options: TemplateOptions, what: string): readonly JsonObject[] {
  const own = Object.entries(options.tags)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([Key, Value]) => ({ Key, Value }));
  return [
    { Key: 'Name', Value: sub(`\${AWS::StackName} ${what}`) },
    { Key: CLUSTER_TAG, Value: clusterId() },
    { Key: 'environment', Value: ref('Environment') },
    ...own,
  ];
}

/** Keys that tags from the options can't have. */
export const RESERVED_TAGS: ReadonlySet<string> = new Set(['Name', CLUSTER_TAG, ID_TAG, 'environment']);
