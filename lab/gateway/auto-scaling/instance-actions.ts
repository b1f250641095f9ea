import { AwsFailure } from '../failure.ts';
import { flagAt, type Struct, textAt } from '../value.ts';
import type { AutoScaling } from './auto-scaling.ts';
import { terminate } from './reconcile.ts';
import { shownActivity } from './show.ts';

/** With ShouldDecrementDesiredCapacity=false the instance is replaced. */
export async function terminateInstance(scaling: AutoScaling, input: Struct): Promise<Struct> {
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
  const activity = await terminate(group, member, cause, scaling.cloud);
  scaling.nudge(group.name);
  return { Activity: shownActivity(group, activity) };
}

/** An instance marked unhealthy is replaced at once; within the grace period only if the caller says so. */
export function setInstanceHealth(scaling: AutoScaling, input: Struct): Struct {
  const { group, member } = memberOf(scaling, input);
  const status = textAt(input, 'HealthStatus');
  if (status !== 'Healthy' && status !== 'Unhealthy') {
    throw new AwsFailure('ValidationError', `HealthStatus is Healthy or Unhealthy, not ${status}`);
  }
  const graceEndsAtMs = member.launchedAtMs + group.healthCheckGraceSeconds * 1_000;
  const respected = (flagAt(input, 'ShouldRespectGracePeriod') ?? true) && Date.now() < graceEndsAtMs;
  if (status === 'Healthy' || !respected) member.healthy = status === 'Healthy';
  scaling.nudge(group.name);
  return {};
}

function memberOf(scaling: AutoScaling, input: Struct) {
  const instance = textAt(input, 'InstanceId') ?? '';
  const found = scaling.find(instance);
  if (found === undefined || found.member.lifecycleState === 'Terminating') {
    throw new AwsFailure(
      'ValidationError',
      `Instance Id not found - No managed instance found for instance ID ${instance}`,
    );
  }
  return found;
}
