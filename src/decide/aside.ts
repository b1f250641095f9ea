// SPDX-License-Identifier: Apache-2.0
/** Setting data aside, and how often that may be (docs/protocol.md, "Server 4"). Pure. */
import type { Observation } from '../model/observation.ts';
import { type Decision, take, wait } from '../model/step.ts';

const ASIDES_AN_HOUR = 3;
/** Below this share the disk is short of space: nothing is set aside any more, and a person is told. */
export const LEAST_FREE_SHARE = 0.2;

/** `why` is a sentence about the data. */
export function decideAside(observation: Observation, name: string, why: string): Decision {
  return whatHoldsAside(observation, why) ?? take({ kind: 'set-data-aside', name }, `${why} It is renamed aside.`);
}

/**
 * A wait while data may not be set aside. The data that comes in its place fills the disk, and may have to be set aside
 * as well.
 */
export function whatHoldsAside({ lately, disk, self }: Observation, why: string): Decision | undefined {
  const times = lately?.asides ?? 0;
  if (times >= ASIDES_AN_HOUR) {
    // Server 4: at most three times an hour.
    return wait(
      `${why} It is not renamed aside now: this node has set data aside ${times} times within an hour, and new data does not mend what is wrong. It goes on within the hour.`,
    );
  }
  if (disk.freeShare === undefined) {
    // Server 4: free space that is unknown is no room.
    return wait(`${why} It is not renamed aside, as the file system does not say how much of the disk is free.`);
  }
  if (disk.freeShare < LEAST_FREE_SHARE) {
    // Server 4: only while at least a fifth of the disk is free.
    return wait(
      `${why} It is not renamed aside: only ${Math.floor(disk.freeShare * 100)} % of the disk are free. What comes in its place needs room, at least ${LEAST_FREE_SHARE * 100} %.`,
      undefined,
      [{ action: 'free-space', instance: self.instance, when: [] }],
    );
  }
  return undefined;
}
