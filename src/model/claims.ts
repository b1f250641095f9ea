/** What the claims say by themselves. Pure. */
import type { Member } from './member.ts';
import type { Claim } from './records.ts';

export const LOWEST_ID = 1;
export const HIGHEST_ID = 255;

/** The generation that owns each id: the highest one (Claims 2). */
export function highestGenerations(claims: readonly Claim[]): ReadonlyMap<number, Claim> {
  const highest = new Map<number, Claim>();
  for (const claim of claims) {
    const present = highest.get(claim.id);
    if (!present || present.generation < claim.generation) highest.set(claim.id, claim);
  }
  return highest;
}

/** The instances that ever claimed this very id at this very address: addresses are used again, so both must match. */
export function instancesBehind(claims: readonly Claim[], member: Pick<Member, 'id' | 'address'>): readonly string[] {
  const instances: string[] = [];
  for (const claim of claims) {
    if (claim.id !== member.id || claim.owner === undefined || claim.owner === 'void') continue;
    if (claim.owner.address === member.address) instances.push(claim.owner.instance);
  }
  return instances;
}
