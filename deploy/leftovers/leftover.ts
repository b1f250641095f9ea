// SPDX-License-Identifier: Apache-2.0
/** What a deleted stack leaves behind: kept resources of its cluster, told by the tag that carries the cluster's id. */
import type { DeployContext } from '../context.ts';

export interface Leftover {
  readonly kind: 'log group' | 'bucket';
  readonly name: string;
  /** Id of the cluster that it belonged to. */
  readonly cluster: string;
  /** What it holds, for the person who is asked: `1,204 objects`. */
  readonly holds: string;
  /** For good. Can be called again after a failure. */
  remove(context: DeployContext): Promise<void>;
}

export const CLUSTER_TAG = 'zookeeper_cluster';

/** Whether a cluster belongs to a stack of this name: `orders-4f1c2a90` to `orders`, but not to `orders-4f1c2a90-x`. */
export function isClusterOf(cluster: string | undefined, stackName: string): cluster is string {
  if (cluster === undefined || !cluster.startsWith(`${stackName}-`)) return false;
  return /^[0-9a-f]{8}$/.test(cluster.slice(stackName.length + 1));
}

export function counted(count: number, more: boolean, one: string, many: string): string {
  return `${more ? 'more than ' : ''}${count.toLocaleString('en')} ${count === 1 && !more ? one : many}`;
}
