// SPDX-License-Identifier: Apache-2.0
/** What can be told from the claims alone. Pure. */
import type { Member } from './member.ts';
import type { Claim, ClaimOwner } from './records.ts';

export const LOWEST_ID = 1;
export const HIGHEST_ID = 255;

/** The generation that owns each id: the highest one (Claims 2). Each decision asks several times. */
export function highestGenerations(claims: readonly Claim[]): ReadonlyMap<number, Claim> {
  const known = found.get(claims);
  if (known) return known;
  const highest = new Map<number, Claim>();
  for (const claim of claims) {
    const present = highest.get(claim.id);
    if (!present || present.generation < claim.generation) highest.set(claim.id, claim);
  }
  found.set(claims, highest);
  return highest;
}

const found = new WeakMap<readonly Claim[], ReadonlyMap<number, Claim>>();

/** The instances behind all of these claims. An instance appears as often as it has claims. */
export function ownersOf(claims: readonly Claim[]): readonly string[] {
  const instances: string[] = [];
  for (const { owner } of claims) if (typeof owner === 'object') instances.push(owner.instance);
  return instances;
}

/**
 * The instances that ever claimed this very id at this very address. Addresses are used again, so both must match.
 *
 * Slots 2: a slot has the same address for ever, so of its claimants only the holder counts: the last one that has said
 * who it is.
 */
export function instancesBehind(claims: readonly Claim[], member: Pick<Member, 'id' | 'address'>): readonly string[] {
  const owners = ownersOfId(claims, member.id);
  const first = owners.at(-1)?.slot ? owners.length - 1 : 0;
  const instances: string[] = [];
  for (let at = first; at < owners.length; at++) {
    const { address, instance } = owners[at] as ClaimOwner;
    if (address === member.address) instances.push(instance);
  }
  return instances;
}

/**
 * Slots 2: the owner of the highest generation that has one. Generations that are void, or have no owner yet, are
 * passed over. After a slot was given back (Slots 7), its holder is the one before.
 */
export function holderOf(claims: readonly Claim[], id: number): ClaimOwner | undefined {
  return ownersOfId(claims, id).at(-1);
}

function ownersOfId(claims: readonly Claim[], id: number): readonly ClaimOwner[] {
  const owners: ClaimOwner[] = [];
  for (const claim of claims) {
    if (claim.id !== id) continue;
    if (typeof claim.owner === 'object') owners.push(claim.owner);
    else if (claim.owner === 'released') owners.pop();
  }
  return owners;
}

/** The first claim on this id whose object can't be understood. Its owner may be any node. */
export function unreadableOf(claims: readonly Claim[], id: number): Claim | undefined {
  return claims.find((claim) => claim.id === id && claim.owner === 'unreadable');
}

/** The key of the object that names the owner of a claim. */
export function ownerKey({ id, generation }: Pick<Claim, 'id' | 'generation'>): string {
  return `claims/${id}.${generation}.json`;
}
