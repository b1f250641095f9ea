// SPDX-License-Identifier: Apache-2.0
/** Which instance stands behind a member, and whether it lives. Pure. Unknown is never dead. */

import { instancesBehind, unreadableOf } from '../model/claims.ts';
import type { Life } from '../model/cloud.ts';
import type { Member } from '../model/member.ts';
import type { Observation } from '../model/observation.ts';

export function lifeOf(observation: Observation, instance: string): Life {
  return observation.lives[instance] ?? 'unknown';
}

export function isGone(observation: Observation, instance: string): boolean {
  return lifeOf(observation, instance) === 'gone';
}

/** The life of a member. It is dead only when every instance that it may be is known to be dead. */
export function lifeOfMember(observation: Observation, member: Pick<Member, 'id' | 'address'>): Life {
  if (!observation.shared.known) return 'unknown';
  const { claims } = observation.shared.value;
  if (unreadableOf(claims, member.id)) return 'unknown';
  const lives = instancesBehind(claims, member).map((instance) => lifeOf(observation, instance));
  if (lives.length === 0 || lives.includes('unknown')) return 'unknown';
  if (lives.includes('alive')) return 'alive';
  return lives.includes('shutting-down') ? 'shutting-down' : 'gone';
}
