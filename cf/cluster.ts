// SPDX-License-Identifier: Apache-2.0
/** The id of a cluster: the stack's name and the first part of the stack's unique id, `orders-4f1c2a90`. */
import { type JsonObject, join, ref, sub } from './cloudformation.ts';

/** The tag on every resource of a cluster; its value is the cluster's id. */
export const CLUSTER_TAG = 'zookeeper_cluster';

/**
 * A stack that is deleted and deployed again under its name has another id. So it is a new cluster, and never waits for
 * nodes of the old one. An update of the stack keeps the id. The ARN of a stack ends in `:stack/<name>/<UUID>`.
 */
export function clusterId(): JsonObject {
  const uuid = { 'Fn::Select': [2, { 'Fn::Split': ['/', ref('AWS::StackId')] }] };
  return join('-', [ref('AWS::StackName'), { 'Fn::Select': [0, { 'Fn::Split': ['-', uuid] }] }]);
}

const CLUSTER_VARIABLE = `\${Cluster}`;

/** `Fn::Sub` in which `${Cluster}` stands for the cluster's id. */
export function subCluster(text: string): JsonObject {
  return text.includes(CLUSTER_VARIABLE) ? sub(text, { Cluster: clusterId() }) : sub(text);
}

/** The log group of the claims; the agent reads this name from its settings. */
export const CLAIMS_LOG_GROUP = `/zookeeper/\${Cluster}`;
/** Behind the name of the other group, that of the nodes' logs, which goes with the stack. */
export const NODE_LOGS = '/nodes';
