// SPDX-License-Identifier: Apache-2.0
import { PolicyFailure } from './policy-failure.ts';
import type { RollingPolicy } from './rolling-policy.ts';

/** Where a rolling update stands; only instances that are not leaving count. */
interface Roll {
  /** Instances that are to go. */
  readonly obsolete: number;
  /** Instances that fit the new template. */
  readonly fresh: number;
  /** How many the group is to have in the end. */
  readonly desired: number;
  /** How many it has for the time of the update. */
  readonly capacity: number;
}

/**
 * The first step: as many instances more than the group shall have as are needed to take a batch away and still have
 * MinInstancesInService, within the maximum. "Temporarily setting autoscaling group MinSize and DesiredCapacity to …".
 */
export function firstCapacity(roll: Omit<Roll, 'capacity'>, policy: RollingPolicy, maximum: number): number {
  const { obsolete, fresh, desired } = roll;
  const present = obsolete + fresh;
  const batch = Math.min(policy.maxBatchSize, obsolete);
  // Who has enough that fit needs room for none; they are only left over from an update that failed.
  const wanted = fresh >= desired ? desired : Math.max(desired, policy.minInService + batch);
  const capacity = Math.max(present, Math.min(maximum, wanted));
  if (obsolete > 0 && capacity <= policy.minInService) {
    throw new PolicyFailure(
      `MinInstancesInService (${policy.minInService}) must be less than the autoscaling group's MaxSize (${maximum})`,
    );
  }
  return capacity;
}

/** The next batch: how many go, and how many of them are replaced. */
export function nextBatch(roll: Roll, policy: RollingPolicy): { readonly ended: number; readonly replaced: number } {
  const { obsolete, fresh, desired, capacity } = roll;
  const ended = Math.max(1, Math.min(policy.maxBatchSize, obsolete, capacity - policy.minInService));
  return { ended, replaced: Math.min(ended, Math.max(0, desired - fresh)) };
}
