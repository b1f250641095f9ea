import type { ApiModel } from '../api-model/model.ts';
import type { Ec2 } from '../ec2/ec2.ts';
import type { MotoClient } from '../moto-client.ts';
import { scaleInVictim } from './choices.ts';
import { activeInstances, type Group } from './group.ts';
import { advance, leave } from './instance-lifecycle.ts';
import { scaleOut } from './scale-out.ts';

/** How fast Auto Scaling's own clock goes; milliseconds. */
export interface ScalingTimings {
  /** How long a second of a hook's timeouts, of the cooldown and of the grace period lasts: less makes them shorter. */
  readonly secondMs: number;
  /** How long an instance stays in Pending:Proceed. */
  readonly proceedMs: number;
}

export const DEFAULT_SCALING_TIMINGS: ScalingTimings = { secondMs: 1_000, proceedMs: 100 };

/** What a group needs of EC2. Its own calls go into the log as those of `autoscaling`. */
export interface GroupCloud {
  readonly ec2: Ec2;
  readonly ec2Model: ApiModel;
  readonly moto: MotoClient;
  readonly logged: <T>(action: string, call: () => Promise<T>) => Promise<T>;
  readonly timings: ScalingTimings;
}

/**
 * One pass: takes note of what EC2 did to the instances, then launches and terminates towards the desired capacity.
 * Rejects with the first failure, when everything was tried.
 */
export async function reconcile(group: Group, cloud: GroupCloud): Promise<void> {
  const failures = [await advance(group, cloud)];
  checkHealth(group, cloud);
  replaceUnhealthy(group);
  failures.push(await advance(group, cloud));
  failures.push(await scaleOut(group, cloud));
  scaleIn(group);
  failures.push(await advance(group, cloud));
  const failure = failures.find((one) => one !== undefined);
  if (failure !== undefined) throw failure;
}

/**
 * Instances that were terminated or stopped behind the group's back. One that waits in Pending:Wait is left to its
 * hooks: the health of instances is checked from InService on. One without hooks that ends while it is Pending has
 * failed to launch.
 */
function checkHealth(group: Group, { ec2 }: GroupCloud): void {
  if (group.suspended.has('HealthCheck')) return;
  for (const member of group.instances.values()) {
    if (member.lifecycleState !== 'InService' && member.lifecycleState !== 'Pending') continue;
    const state = ec2.world.state(member.instance);
    if (state !== 'running' && state !== 'pending') member.healthy = false;
  }
}

function replaceUnhealthy(group: Group): void {
  if (group.suspended.has('ReplaceUnhealthy') || group.suspended.has('Terminate')) return;
  for (const member of activeInstances(group)) {
    const checked = member.lifecycleState === 'InService' || member.lifecycleState === 'Pending';
    if (member.healthy || !checked) continue;
    const launchFailure = 'Instance became unhealthy while waiting for instance to be in InService state.';
    leave(group, member, 'an instance was taken out of service in response to an EC2 health check', launchFailure);
  }
}

function scaleIn(group: Group): void {
  if (group.suspended.has('Terminate')) return;
  const cause = 'an instance was taken out of service in response to a difference between desired and actual capacity';
  const surplus = activeInstances(group).length - group.desired;
  for (let ended = 0; ended < surplus; ended++) {
    const victim = scaleInVictim(group);
    if (victim === undefined) return;
    leave(group, victim, cause);
  }
}
