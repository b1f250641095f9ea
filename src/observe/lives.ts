// SPDX-License-Identifier: Apache-2.0
/**
 * Which instances live (docs/protocol.md, "Gone for good"). An instance missing from an answer is unknown, not gone.
 */
import type { InstanceFact, Life } from '../model/cloud.ts';
import type { Claim } from '../model/records.ts';
import type { Ec2 } from '../ports.ts';

export interface Lives {
  readonly lives: Readonly<Record<string, Life>>;
  readonly terminated: readonly string[];
}

function lifeFrom(fact: InstanceFact): Life {
  if (fact.state === 'terminated') return 'gone';
  return fact.state === 'shutting-down' ? 'shutting-down' : 'alive';
}

/** The age of the youngest claim of each owner, in milliseconds. */
function claimAges(claims: readonly Claim[]): ReadonlyMap<string, number> {
  const ages = new Map<string, number>();
  for (const claim of claims) {
    if (typeof claim.owner !== 'object') continue;
    const { instance } = claim.owner;
    ages.set(instance, Math.min(ages.get(instance) ?? Number.POSITIVE_INFINITY, claim.ageMs));
  }
  return ages;
}

/**
 * Describes these instances. A note of death answers the question without asking. An instance that EC2 does not list is
 * asked for alone. It counts as gone only if EC2 then knows no such id and its claim is old enough (`forgottenMs`). EC2
 * may not know a younger instance *yet*.
 */
export async function observeLives(
  ec2: Ec2,
  instances: readonly string[],
  shared: { readonly claims: readonly Claim[]; readonly dead: readonly string[] },
  forgottenMs: number,
  signal: AbortSignal,
): Promise<Lives> {
  const lives: Record<string, Life> = {};
  for (const instance of shared.dead) lives[instance] = 'gone';
  const open = instances.filter((instance) => lives[instance] === undefined);
  const facts = open.length > 0 ? await ec2.describe(open, signal) : [];
  for (const fact of facts) lives[fact.instance] = lifeFrom(fact);
  const ages = claimAges(shared.claims);
  for (const instance of open) {
    if (lives[instance] !== undefined || (ages.get(instance) ?? 0) <= forgottenMs) continue;
    if (await ec2.isForgotten(instance, signal)) lives[instance] = 'gone';
  }
  return { lives, terminated: facts.filter((fact) => fact.state === 'terminated').map((fact) => fact.instance) };
}
