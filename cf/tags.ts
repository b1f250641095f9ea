// SPDX-License-Identifier: Apache-2.0
/** The tags of every resource of a stack, in CloudFormation's form: a list of keys and values. */
import type { JsonObject } from './cloudformation.ts';
import { ref, sub } from './cloudformation.ts';
import { CLUSTER_TAG, clusterId, subCluster } from './cluster.ts';
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

/** `zk-agent connection-string` reads from this tag of a node which names the nodes keep, from any machine. */
const NAMES_TAG = 'zookeeper_names';

/** Of the group and its nodes: `orders-4f1c2a90.internal/3` for three names in that domain. */
export function namesTag({ zone, hosts }: TemplateOptions): readonly JsonObject[] {
  return zone === undefined ? [] : [{ Key: NAMES_TAG, Value: subCluster(`\${Cluster}.${zone.name}/${hosts}`) }];
}

/** Keys that tags from the options can't have. */
export const RESERVED_TAGS: ReadonlySet<string> = new Set(['Name', CLUSTER_TAG, ID_TAG, NAMES_TAG, 'environment']);
