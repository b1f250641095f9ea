// SPDX-License-Identifier: Apache-2.0
/**
 * Where instances are in the lifecycle of their Auto Scaling group, and the hooks that hold them there. Pure. In the
 * states `Pending:Wait` and `Terminating:Wait` a hook waits for an answer.
 */
import { highestGenerations, instancesBehind, ownersOf } from '../model/claims.ts';
import type { Member } from '../model/member.ts';
import type { Ensemble, Observation } from '../model/observation.ts';
import { isGone, lifeOfMember } from './lives.ts';

export const LAUNCH_WAIT = 'Pending:Wait';
export const TERMINATE_WAIT = 'Terminating:Wait';

/** The node's own state in its group; undefined when the group can't be read, or does not list the node. */
export function ownState({ group, self }: Observation): string | undefined {
  if (!group.known) return undefined;
  return group.value.instances.find((entry) => entry.instance === self.instance)?.lifecycleState;
}

/** A hook in which this very node waits. */
export interface HookWait {
  readonly group: string;
  readonly hook: string;
  readonly lifecycleState: string;
}

/** The hook that a heartbeat of this node prolongs now. Undefined when the node waits in none. */
export function ownHookWait(observation: Observation): HookWait | undefined {
  const { group, stack } = observation;
  const lifecycleState = ownState(observation);
  if (!group.known || lifecycleState === undefined) return undefined;
  const hook = hookOf(lifecycleState, stack);
  return hook === undefined ? undefined : { group: group.value.name, hook, lifecycleState };
}

function hookOf(lifecycleState: string, stack: Observation['stack']): string | undefined {
  if (lifecycleState === LAUNCH_WAIT) return stack?.launchHook;
  return lifecycleState === TERMINATE_WAIT ? stack?.terminateHook : undefined;
}

/**
 * The instances that this member may be. Id and address are both used again. If a dead owner has a successor at the
 * same address, the dead owner is left out.
 */
function instancesOf(observation: Observation, member: Member): readonly string[] {
  if (!observation.shared.known) return [];
  const all = instancesBehind(observation.shared.value.claims, member);
  const left = all.filter((instance) => !isGone(observation, instance));
  return left.length > 0 ? left : all;
}

/** Whether the group is about to terminate the instance behind this member. */
export function isTerminating(observation: Observation, member: Member): boolean {
  const { group } = observation;
  if (!group.known) return false;
  const instances = instancesOf(observation, member);
  return group.value.instances.some(
    (entry) => instances.includes(entry.instance) && entry.lifecycleState.startsWith('Terminating'),
  );
}

/** Whether the instance behind this member is shutting down, or gone. */
export function isDying(observation: Observation, member: Member): boolean {
  const life = lifeOfMember(observation, member);
  return life === 'shutting-down' || life === 'gone';
}

/**
 * Instances that are gone for good and in no config, although the group still lists them in its terminate hook. They
 * were terminated without the group's doing, and can't answer the hook any more (Leaving 4).
 */
export function goneInHook(observation: Observation, ensemble: Ensemble): readonly string[] {
  const { group, self } = observation;
  if (!group.known) return [];
  const listed = new Set(ensemble.config.members.flatMap((member) => instancesOf(observation, member)));
  return group.value.instances
    .filter((entry) => entry.lifecycleState === TERMINATE_WAIT && entry.instance !== self.instance)
    .map((entry) => entry.instance)
    .filter((instance) => isGone(observation, instance) && !listed.has(instance));
}

/**
 * Instances in a terminate hook that no claim names, so the look at the owners of claims does not tell whether they
 * live. EC2 has to be asked about them separately.
 */
export function unclaimedInHook({ group, shared }: Pick<Observation, 'group' | 'shared'>): readonly string[] {
  if (!group.known || !shared.known) return [];
  const held = group.value.instances.filter(({ lifecycleState }) => lifecycleState === TERMINATE_WAIT);
  if (held.length === 0) return [];
  const owners = ownersOf([...highestGenerations(shared.value.claims).values()]);
  return held.map(({ instance }) => instance).filter((instance) => !owners.includes(instance));
}
