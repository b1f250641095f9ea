// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';

/** The codes of ScalingActivityStatusCode that the lab's activities use. */
type ActivityStatus = 'InProgress' | 'PreInService' | 'MidLifecycleAction' | 'Successful' | 'Failed' | 'Cancelled';

export interface Activity {
  readonly id: string;
  readonly description: string;
  readonly cause: string;
  readonly startedAtMs: number;
  status: ActivityStatus;
  endedAtMs?: number;
  message?: string;
}

const KEPT_ACTIVITIES = 100;
/** The longest message that the API model allows. */
const LONGEST_MESSAGE = 255;

export function beginActivity(
  group: { readonly activities: Activity[] },
  description: string,
  cause: string,
): Activity {
  const startedAtMs = Date.now();
  const at = new Date(startedAtMs).toISOString();
  const activity: Activity = {
    id: randomUUID(),
    description,
    cause: `At ${at} ${cause}.`,
    startedAtMs,
    status: 'InProgress',
  };
  group.activities.unshift(activity);
  group.activities.splice(KEPT_ACTIVITIES);
  return activity;
}

/** `endedAtMs`: by the clock of the cooldown, which begins with an activity that succeeded. */
export function endActivity(
  activity: Activity,
  status: 'Successful' | 'Failed' | 'Cancelled',
  message?: string,
  endedAtMs = Date.now(),
): void {
  activity.status = status;
  activity.endedAtMs = endedAtMs;
  if (message !== undefined) activity.message = message.slice(0, LONGEST_MESSAGE);
}
