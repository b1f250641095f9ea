/**
 * Claims on ids (docs/protocol.md, "Claims"). The log stream `7.2` is the second generation of the claim on id 7; the
 * object `claims/7.2.json`, created once, says whose it is. The object decides: whoever reads it back as its own owns
 * the generation, so a lost answer to either call is settled by making the next one.
 */
import { HIGHEST_ID } from '../model/claims.ts';
import type { Claim, ClaimOwner } from '../model/records.ts';
import type { ClaimStreams, ObjectStore } from '../ports.ts';

type Shelf = { readonly claimStreams: ClaimStreams; readonly objects: ObjectStore };

function ownerKey(id: number, generation: number): string {
  return `claims/${id}.${generation}.json`;
}

/** Parses a stream's name; a stream that is no claim (people make log streams too) is ignored. */
function parseName(name: string): { id: number; generation: number } | undefined {
  const match = /^([1-9]\d{0,2})\.([1-9]\d*)$/.exec(name);
  if (!match) return undefined;
  const id = Number(match[1]);
  return id <= HIGHEST_ID ? { id, generation: Number(match[2]) } : undefined;
}

/** All claims, lowest ids first and generations ascending. Rejects when either place can't be read whole. */
export async function readClaims(shelf: Shelf, signal: AbortSignal): Promise<readonly Claim[]> {
  const streams = await shelf.claimStreams.list(signal);
  const claims: Claim[] = [];
  for (const stream of streams) {
    const parsed = parseName(stream.name);
    if (parsed) claims.push({ ...parsed, owner: undefined, ageMs: stream.ageMs });
  }
  const owners = await Promise.all(claims.map((claim) => readOwner(shelf, claim.id, claim.generation, signal)));
  return claims
    .map((claim, index) => ({ ...claim, owner: owners[index] }))
    .sort((a, b) => a.id - b.id || a.generation - b.generation);
}

/** Owners are created once and never changed, so one that was read is true for ever and is not read again. */
const settledOwners = new WeakMap<ObjectStore, Map<string, ClaimOwner | 'void'>>();

function settledIn(objects: ObjectStore): Map<string, ClaimOwner | 'void'> {
  const settled = settledOwners.get(objects) ?? new Map<string, ClaimOwner | 'void'>();
  settledOwners.set(objects, settled);
  return settled;
}

async function readOwner(
  shelf: Shelf,
  id: number,
  generation: number,
  signal: AbortSignal,
): Promise<ClaimOwner | 'void' | undefined> {
  const key = ownerKey(id, generation);
  const settled = settledIn(shelf.objects);
  const remembered = settled.get(key);
  if (remembered) return remembered;
  const found = await shelf.objects.get(key, signal);
  if (!found) return undefined;
  const owner = parseOwner(found.body);
  settled.set(key, owner);
  return owner;
}

function parseOwner(body: string): ClaimOwner | 'void' {
  const value = JSON.parse(body) as { void?: true } & Partial<ClaimOwner>;
  if (value.void) return 'void';
  if (typeof value.instance !== 'string' || typeof value.address !== 'string') {
    throw new Error(`A claim's owner is neither void nor an instance with an address: ${body}`);
  }
  return { instance: value.instance, address: value.address };
}

/**
 * Claims one generation of an id for this node. `taken`: somebody else has it, or may have it.
 *
 * A stream that certainly was there before this call belongs to whoever made it. One that a lost answer of ours may
 * have made is claimed by the object, which only one node can create (Claims 1, 4).
 */
export async function claimId(
  shelf: Shelf,
  id: number,
  generation: number,
  owner: ClaimOwner,
  signal: AbortSignal,
): Promise<'claimed' | 'taken'> {
  const stream = await shelf.claimStreams.create(`${id}.${generation}`, signal);
  if (stream === 'exists') return 'taken';
  const key = ownerKey(id, generation);
  if ((await shelf.objects.createOnce(key, JSON.stringify(owner), signal)) === 'created') {
    settledIn(shelf.objects).set(key, owner);
    return 'claimed';
  }
  const there = await readOwner(shelf, id, generation, signal);
  return there !== undefined && there !== 'void' && there.instance === owner.instance ? 'claimed' : 'taken';
}

/** Claims 4: a generation that has had no owner for 15 minutes is given up, unless its owner's write was first. */
export async function voidClaim(shelf: Shelf, id: number, generation: number, signal: AbortSignal): Promise<void> {
  await shelf.objects.createOnce(ownerKey(id, generation), JSON.stringify({ void: true }), signal);
}
