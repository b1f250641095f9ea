// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../failure.ts';
import { flagAt, type Struct, textAt } from '../value.ts';
import type { AutoScaling } from './auto-scaling.ts';
import { isLeaving } from './group.ts';
import { leave } from './instance-lifecycle.ts';
import { shownActivity } from './show.ts';

/** The instance leaves through its hooks. With ShouldDecrementDesiredCapacity=false it is replaced. */
export function terminateInstance(scaling: AutoScaling, input: Struct): Struct {
  if (input.InstanceIds !== undefined) {
    throw new AwsFailure('ValidationError', 'The lab terminates one instance a call, named by InstanceId');
  }
  const { group, member } = memberOf(scaling, input);
  const decrement = flagAt(input, 'ShouldDecrementDesiredCapacity') ?? false;
  if (decrement && group.desired <= group.minimum) {
    throw new AwsFailure(
      'ValidationError',
      `Currently, desiredSize equals minSize (${group.minimum}). Terminating instance without replacement will violate group's min size constraint.`,
    );
  }
  if (decrement) group.desired -= 1;
  const cause = 'instance was taken out of service in response to a user request';
  leave(group, member, cause);
  scaling.nudge(group.name);
  return { Activity: shownActivity(group, member.activity) };
}

/**
 * An unhealthy instance is replaced at once. If it is not in service yet, it is replaced once it is. During the grace
 * period, which begins with InService, the call has no effect unless the caller says so.
 */
export function setInstanceHealth(scaling: AutoScaling, input: Struct): Struct {
  const { group, member } = memberOf(scaling, input);
  const status = textAt(input, 'HealthStatus');
  if (status !== 'Healthy' && status !== 'Unhealthy') {
    throw new AwsFailure('ValidationError', `HealthStatus is Healthy or Unhealthy, not ${status}`);
  }
  const nowMs = scaling.cloud.timings.nowMs();
  const graceEndsAtMs = (member.inServiceAtMs ?? nowMs) + group.healthCheckGraceSeconds * 1_000;
  const respected = (flagAt(input, 'ShouldRespectGracePeriod') ?? true) && nowMs < graceEndsAtMs;
  if (status === 'Healthy' || !respected) member.healthy = status === 'Healthy';
  scaling.nudge(group.name);
  return {};
}

function memberOf(scaling: AutoScaling, input: Struct) {
  const instance = textAt(input, 'InstanceId') ?? '';
  const found = scaling.find(instance);
  if (found === undefined || isLeaving(found.member)) {
    throw new AwsFailure(
      'ValidationError',
      `Instance Id not found - No managed instance found for instance ID ${instance}`,
    );
  }
  return found;
}
