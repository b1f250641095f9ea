// SPDX-License-Identifier: Apache-2.0
/** What holds the dangerous steps back: maintenance, and a leaving that may be under way. Pure. */
import type { Observation } from '../model/observation.ts';

/**
 * A sentence when genesis, joins, removals and recovery by force must wait, undefined when they may go on.
 * Unknown counts as maintenance, and an unknown target state as a leaving node (Joining 8).
 */
export function heldBack(observation: Observation): string | undefined {
  if (!observation.group.known)
    return `the Auto Scaling group can't be read (${observation.group.why}), and it may be in maintenance`;
  if (observation.group.value.maintenance) return 'the group is in maintenance mode';
  if (!observation.targetState.known)
    return `the instance's target lifecycle state can't be read (${observation.targetState.why})`;
  return undefined;
}
