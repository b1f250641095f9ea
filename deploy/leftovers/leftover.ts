// SPDX-License-Identifier: Apache-2.0
/** Leftovers of a deleted stack: kept resources of its cluster. They are known by the tag with the cluster's id. */
import type { DeployContext } from '../context.ts';

export interface Leftover {
  readonly kind: 'log group' | 'bucket';
  readonly name: string;
  /** The id of its cluster. */
  readonly cluster: string;
  /** Its contents, for the question to the person: `1,204 objects`. */
  readonly holds: string;
  /** Removes it for good. Can be called again after a failure. */
  remove(context: DeployContext): Promise<void>;
}

export const CLUSTER_TAG = 'zookeeper_cluster';

/**
 * Whether a cluster belongs to a stack of this name. `orders-4f1c2a90` belongs to `orders`, but not to
 * `orders-4f1c2a90-x`.
 */
export function isClusterOf(cluster: string | undefined, stackName: string): cluster is string {
  if (cluster === undefined || !cluster.startsWith(`${stackName}-`)) return false;
  return /^[0-9a-f]{8}$/.test(cluster.slice(stackName.length + 1));
}

export function counted(count: number, more: boolean, one: string, many: string): string {
  return `${more ? 'more than ' : ''}${count.toLocaleString('en')} ${count === 1 && !more ? one : many}`;
}
