// SPDX-License-Identifier: Apache-2.0
import { PolicyFailure } from './policy-failure.ts';
import type { RollingPolicy } from './rolling-policy.ts';

/** The state of a rolling update. Only instances that are not leaving count. */
interface Roll {
  /** Instances to terminate. */
  readonly obsolete: number;
  /** Instances with the new template. */
  readonly fresh: number;
  /** The number of instances at the end. */
  readonly desired: number;
  /** The number of instances during the update. */
  readonly capacity: number;
}

/**
 * The first step adds instances. So a batch can be terminated while MinInstancesInService remain, within the maximum.
 * "Temporarily setting autoscaling group MinSize and DesiredCapacity to …".
 */
export function firstCapacity(roll: Omit<Roll, 'capacity'>, policy: RollingPolicy, maximum: number): number {
  const { obsolete, fresh, desired } = roll;
  const present = obsolete + fresh;
  const batch = Math.min(policy.maxBatchSize, obsolete);
  // A group with enough new instances needs no room for more. Then obsolete instances are only left over from a failed
  // update.
  const wanted = fresh >= desired ? desired : Math.max(desired, policy.minInService + batch);
  const capacity = Math.max(present, Math.min(maximum, wanted));
  if (obsolete > 0 && capacity <= policy.minInService) {
    throw new PolicyFailure(
      `MinInstancesInService (${policy.minInService}) must be less than the autoscaling group's MaxSize (${maximum})`,
    );
  }
  return capacity;
}

/** The next batch: how many instances are terminated, and how many of them are replaced. */
export function nextBatch(roll: Roll, policy: RollingPolicy): { readonly ended: number; readonly replaced: number } {
  const { obsolete, fresh, desired, capacity } = roll;
  const ended = Math.max(1, Math.min(policy.maxBatchSize, obsolete, capacity - policy.minInService));
  return { ended, replaced: Math.min(ended, Math.max(0, desired - fresh)) };
}
