// SPDX-License-Identifier: Apache-2.0
import { scaleInVictim } from './choices.ts';
import { activeInstances, type Group } from './group.ts';
import type { GroupCloud } from './group-cloud.ts';
import { advance, leave } from './instance-lifecycle.ts';
import { scaleOut } from './scale-out.ts';

/**
 * One pass. First it records what EC2 did to the instances. Then it launches and terminates instances until the desired
 * capacity is reached. After trying everything, it rejects with the first failure.
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
 * Finds instances that were terminated or stopped without the group. Health is checked only from InService on, so the
 * hooks handle an instance in Pending:Wait. An instance without hooks that ends while it is Pending has failed to
 * launch.
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
