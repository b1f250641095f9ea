// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../../failure.ts';
import { type Struct, structAt, textsAt } from '../../value.ts';
import { durationMs } from './duration.ts';

/** The UpdatePolicy AutoScalingRollingUpdate. */
export interface RollingPolicy {
  readonly maxBatchSize: number;
  readonly minInService: number;
  readonly minSuccessfulPercent: number;
  /** With signals: the time for those of a batch. Without signals: the pause after it. */
  readonly pauseMs: number;
  readonly pauseTime: string;
  readonly waitOnSignals: boolean;
  readonly suspend: readonly string[];
}

const MOST_HOURS = 1;
/** Without these two processes there can be no update. */
const NEVER_SUSPENDED = ['Launch', 'Terminate'];

/** Undefined when a group is not updated instance by instance. */
export function readRollingPolicy(updatePolicy: Struct): RollingPolicy | undefined {
  const policy = structAt(updatePolicy, 'AutoScalingRollingUpdate');
  if (policy === undefined) return undefined;
  const waitOnSignals = String(policy.WaitOnResourceSignals ?? false) === 'true';
  const pauseTime = String(policy.PauseTime ?? (waitOnSignals ? 'PT5M' : 'PT0S'));
  const suspend = textsAt(policy, 'SuspendProcesses');
  const refused = suspend.find((name) => NEVER_SUSPENDED.includes(name));
  if (refused !== undefined) throw wrong(`a rolling update can not suspend ${refused}`);
  return {
    maxBatchSize: wholeNumber(policy, 'MaxBatchSize', 1, 1),
    minInService: wholeNumber(policy, 'MinInstancesInService', 0, 0),
    minSuccessfulPercent: wholeNumber(policy, 'MinSuccessfulInstancesPercent', 100, 0),
    pauseMs: durationMs(pauseTime, MOST_HOURS, 'UpdatePolicy PauseTime'),
    pauseTime,
    waitOnSignals,
    suspend,
  };
}

/** Whether sizes that did not change in the template stay as they are in the group. */
export function keepsUnmodifiedSizes(updatePolicy: Struct): boolean {
  const policy = structAt(updatePolicy, 'AutoScalingScheduledAction');
  return String(policy?.IgnoreUnmodifiedGroupSizeProperties ?? false) === 'true';
}

function wholeNumber(policy: Struct, name: string, usual: number, least: number): number {
  const number = Number(policy[name] ?? usual);
  if (!Number.isInteger(number) || number < least) {
    throw wrong(`${name} is a whole number of at least ${least}, not ${policy[name]}`);
  }
  return number;
}

function wrong(message: string): AwsFailure {
  return new AwsFailure('ValidationError', `Invalid UpdatePolicy: ${message}`);
}
