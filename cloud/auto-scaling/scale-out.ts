// SPDX-License-Identifier: Apache-2.0
import { structsAt, textAt } from '../value.ts';
import { beginActivity, endActivity } from './activity.ts';
import { nextPlaces } from './choices.ts';
import { activeInstances, type Group, type Place } from './group.ts';
import type { GroupCloud } from './group-cloud.ts';
import { resolveTemplate, runInstancesInput } from './launch-template.ts';

const CAUSE = 'an instance was started in response to a difference between desired and actual capacity';

/**
 * Launches the missing instances. When a launch fails, a balanced-best-effort group tries the next zone. A
 * balanced-only group leaves the place open and goes on with the other zones. After trying everything, this returns the
 * first failure.
 */
export async function scaleOut(group: Group, cloud: GroupCloud): Promise<unknown> {
  const open: Place[] = [];
  let failure: unknown;
  while (mayLaunch(group) && activeInstances(group).length + open.length < group.desired) {
    const active = activeInstances(group);
    const newest = Math.max(...active.map(({ template }) => template.version));
    const fresh = active.filter(({ template }) => template.version === newest).map(({ place }) => place);
    const taken = active.map(({ place }) => place);
    const places = nextPlaces(group.places, [...taken, ...open], fresh);
    const tried = group.distribution === 'balanced-only' ? places.slice(0, 1) : places;
    const problem = await launchInOneOf(group, tried, cloud);
    if (problem === undefined) continue;
    failure ??= problem;
    open.push(...places.slice(0, 1));
  }
  return failure;
}

/** Checked again before each launch, since an operator may have changed it meanwhile. */
function mayLaunch(group: Group): boolean {
  return !group.suspended.has('Launch') && !group.deleting;
}

/** Returns the last failure when no zone could launch it. */
async function launchInOneOf(group: Group, places: readonly Place[], cloud: GroupCloud): Promise<unknown> {
  let failure: unknown;
  for (const place of places) {
    group.launching += 1;
    try {
      await launch(group, place, cloud);
      return undefined;
    } catch (error) {
      failure = error;
      const failed = beginActivity(group, 'Launching a new EC2 instance', CAUSE);
      endActivity(failed, 'Failed', error instanceof Error ? error.message : String(error));
    } finally {
      group.launching -= 1;
    }
  }
  return failure;
}

async function launch(group: Group, place: Place, cloud: GroupCloud): Promise<void> {
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
    activity: beginActivity(group, `Launching a new EC2 instance: ${instance}`, CAUSE),
    proceedsUntilMs: 0,
    released: false,
    healthy: true,
    protectedFromScaleIn: group.protectNew,
  });
}
