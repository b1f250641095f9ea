// SPDX-License-Identifier: Apache-2.0
/** What holds the dangerous steps back: maintenance, and a leaving that may be under way. Pure. */
import type { Observation } from '../model/observation.ts';
import type { Obstacle } from '../model/step.ts';

/**
 * The obstacle when genesis, joins, removals and recovery by force must wait. Undefined when they may go on.
 * An unknown group counts as one in maintenance, and an unknown target state as that of a leaving node (Joining 8).
 */
export function whyNotNow({ group, targetState }: Observation): Obstacle | undefined {
  if (!group.known) {
    return { why: `the Auto Scaling group can't be read (${group.why}), and it may be in maintenance`, fact: group };
  }
  if (group.value.maintenance) return { why: 'the group is in maintenance mode' };
  if (!targetState.known) {
    return { why: `the instance's target lifecycle state can't be read (${targetState.why})`, fact: targetState };
  }
  return undefined;
}
