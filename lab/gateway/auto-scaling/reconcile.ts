import { randomUUID } from 'node:crypto';
import type { ApiModel } from '../api-model/model.ts';
import type { Ec2 } from '../ec2/ec2.ts';
import type { MotoClient } from '../moto-client.ts';
import { structsAt, textAt } from '../value.ts';
import { nextPlace, scaleInVictim } from './choices.ts';
import { type Activity, activeInstances, type Group, type GroupInstance } from './group.ts';
import { resolveTemplate, runInstancesInput } from './launch-template.ts';

const KEPT_ACTIVITIES = 100;

/** What a group needs of EC2. Its own calls go into the log as those of `autoscaling`. */
export interface GroupCloud {
  readonly ec2: Ec2;
  readonly ec2Model: ApiModel;
  readonly moto: MotoClient;
  readonly logged: <T>(action: string, call: () => Promise<T>) => Promise<T>;
}

/** One pass: takes note of what EC2 did to the instances, then launches and terminates towards the desired capacity. */
export async function reconcile(group: Group, cloud: GroupCloud): Promise<void> {
  takeNote(group, cloud);
  await replaceUnhealthy(group, cloud);
  await scaleOut(group, cloud);
  await scaleIn(group, cloud);
  takeNote(group, cloud);
}

function takeNote(group: Group, { ec2 }: GroupCloud): void {
  for (const member of [...group.instances.values()]) {
    const state = ec2.world.state(member.instance);
    if (state === 'running' && member.lifecycleState === 'Pending') {
      member.lifecycleState = 'InService';
      finish(group, `Launching a new EC2 instance: ${member.instance}`, 'Successful');
    }
    const gone = state === 'terminated' || state === undefined;
    if (gone && member.lifecycleState === 'Terminating') {
      group.instances.delete(member.instance);
      finish(group, `Terminating EC2 instance: ${member.instance}`, 'Successful');
    } else if (state !== 'running' && state !== 'pending' && !group.suspended.has('HealthCheck')) {
      // Terminated or stopped behind the group's back.
      member.healthy = false;
    }
  }
}

async function replaceUnhealthy(group: Group, cloud: GroupCloud): Promise<void> {
  if (group.suspended.has('ReplaceUnhealthy') || group.suspended.has('Terminate')) return;
  for (const member of activeInstances(group).filter(({ healthy }) => !healthy)) {
    const cause = 'an instance was taken out of service in response to an EC2 health check';
    await terminate(group, member, cause, cloud);
  }
}

async function scaleOut(group: Group, cloud: GroupCloud): Promise<void> {
  if (group.suspended.has('Launch') || group.deleting) return;
  const missing = group.desired - activeInstances(group).length;
  for (let launched = 0; launched < missing; launched++) await launch(group, cloud);
}

async function scaleIn(group: Group, cloud: GroupCloud): Promise<void> {
  if (group.suspended.has('Terminate')) return;
  const cause = 'an instance was taken out of service in response to a difference between desired and actual capacity';
  const surplus = activeInstances(group).length - group.desired;
  for (let ended = 0; ended < surplus; ended++) {
    const victim = scaleInVictim(group);
    if (victim === undefined) return;
    await terminate(group, victim, cause, cloud);
  }
}

async function launch(group: Group, cloud: GroupCloud): Promise<void> {
  const cause = 'an instance was started in response to a difference between desired and actual capacity';
  const place = nextPlace(group, activeInstances(group));
  try {
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
      healthy: true,
      protectedFromScaleIn: group.protectNew,
    });
    begin(group, `Launching a new EC2 instance: ${instance}`, cause);
  } catch (error) {
    const failed = begin(group, 'Launching a new EC2 instance', cause);
    end(failed, 'Failed', error instanceof Error ? error.message : String(error));
    throw error;
  }
}

/** Marks the instance as leaving first, so nobody counts it any more while EC2 is asked. */
export async function terminate(
  group: Group,
  member: GroupInstance,
  cause: string,
  cloud: GroupCloud,
): Promise<Activity> {
  const before = member.lifecycleState;
  member.lifecycleState = 'Terminating';
  const activity = begin(group, `Terminating EC2 instance: ${member.instance}`, cause);
  const state = cloud.ec2.world.state(member.instance);
  if (state === 'terminated' || state === 'shutting-down' || state === undefined) return activity;
  try {
    await cloud.logged('TerminateInstances', () => cloud.ec2.terminate([member.instance]));
  } catch (error) {
    member.lifecycleState = before;
    end(activity, 'Failed', error instanceof Error ? error.message : String(error));
    throw error;
  }
  return activity;
}

function begin(group: Group, description: string, cause: string): Activity {
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

function finish(group: Group, description: string, status: Activity['status']): void {
  const activity = group.activities.find((one) => one.description === description && one.status === 'InProgress');
  if (activity !== undefined) end(activity, status);
}

function end(activity: Activity, status: Activity['status'], message?: string): void {
  activity.status = status;
  activity.endedAtMs = Date.now();
  if (message !== undefined) activity.message = message;
}
