import type { ApiModel } from '../api-model/model.ts';
import type { Ec2 } from '../ec2/ec2.ts';
import type { MotoClient } from '../moto-client.ts';
import { structsAt, textAt } from '../value.ts';
import { beginActivity, endActivity } from './activity.ts';
import { nextPlaces, scaleInVictim } from './choices.ts';
import { activeInstances, type Group, type Place } from './group.ts';
import { advance, leave } from './instance-lifecycle.ts';
import { resolveTemplate, runInstancesInput } from './launch-template.ts';

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

/** One pass: takes note of what EC2 did to the instances, then launches and terminates towards the desired capacity. */
export async function reconcile(group: Group, cloud: GroupCloud): Promise<void> {
  await advance(group, cloud);
  checkHealth(group, cloud);
  replaceUnhealthy(group);
  await advance(group, cloud);
  await scaleOut(group, cloud);
  scaleIn(group);
  await advance(group, cloud);
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

async function scaleOut(group: Group, cloud: GroupCloud): Promise<void> {
  if (group.suspended.has('Launch') || group.deleting) return;
  const missing = group.desired - activeInstances(group).length;
  for (let launched = 0; launched < missing; launched++) await launch(group, cloud);
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

const LAUNCH_CAUSE = 'an instance was started in response to a difference between desired and actual capacity';

/** Where it fails, the next zone is tried, unless the group would rather stay balanced. */
async function launch(group: Group, cloud: GroupCloud): Promise<void> {
  const places = nextPlaces(group, activeInstances(group));
  const tried = group.distribution === 'balanced-only' ? places.slice(0, 1) : places;
  let failure: unknown = new Error('a group has at least one subnet');
  for (const place of tried) {
    try {
      await launchAt(group, place, cloud);
      return;
    } catch (error) {
      failure = error;
      const failed = beginActivity(group, 'Launching a new EC2 instance', LAUNCH_CAUSE);
      endActivity(failed, 'Failed', error instanceof Error ? error.message : String(error));
    }
  }
  throw failure;
}

async function launchAt(group: Group, place: Place, cloud: GroupCloud): Promise<void> {
  const template = await resolveTemplate(cloud.moto, cloud.ec2Model, group.template);
  const input = runInstancesInput(cloud.ec2Model, template, place, group);
  const output = await cloud.logged('RunInstances', () => cloud.ec2.run(input));
  const [launched] = structsAt(output, 'Instances');
  const instance = textAt(launched, 'InstanceId');
  if (instance === undefined) throw new Error('RunInstances answered without an instance');
  group.instances.set(instance, {
    instance,
    place,
    instanceType: textAt(launched, 'InstanceType') ?? '',
    template: { id: template.id, name: template.name, version: template.version },
    launchedAtMs: Date.now(),
    lifecycleState: 'Pending',
    actions: [],
    activity: beginActivity(group, `Launching a new EC2 instance: ${instance}`, LAUNCH_CAUSE),
    proceedsUntilMs: 0,
    released: false,
    healthy: true,
    protectedFromScaleIn: group.protectNew,
  });
}
