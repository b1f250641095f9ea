// SPDX-License-Identifier: Apache-2.0
/**
 * Claims on ids (docs/protocol.md, "Claims"). The log stream `7.2` is the second generation of the claim on id 7. The
 * object `claims/7.2.json`, created once, names its owner. The object decides: a node that reads it back as its own
 * owns the generation. So after a lost answer to either call, the next call settles the matter.
 *
 * Claims 8: the claims are what either list names. The list of streams may lag, and streams get deleted. An object read
 * by its key is a fact.
 */
import { HIGHEST_ID, highestGenerations, ownerKey } from '../model/claims.ts';
import { whyNotUnderstood } from '../model/formats.ts';
import type { Claim, ClaimOwner } from '../model/records.ts';
import type { ClaimStreams, ObjectStore } from '../ports.ts';
import { bodyOf, parsedBody } from './body.ts';
import { type ClaimMemory, memoryOf } from './claim-memory.ts';
import { remembered } from './remembered.ts';
import { misfitOf } from './shapes.ts';

type Shelf = { readonly claimStreams: ClaimStreams; readonly objects: ObjectStore };
type Owner = Exclude<Claim['owner'], undefined>;

interface Listed {
  readonly key: string;
  readonly ageMs: number;
}

/** What is used beside the list of streams. */
interface ClaimSources {
  /** All keys of the bucket, which a look lists anyway. */
  readonly listing: Promise<readonly Listed[]>;
  /** The ids that the asking node goes by (disk, stamp, configs at its own address). Their owners are read by key. */
  readonly self: { readonly instance: string; readonly ids: readonly number[] };
}

/** More generations than any id ever has. A bucket that has more can't be understood. */
const MOST_GENERATIONS_UNLISTED = 1_000;

/** `7.2`: the name of the stream, and of the object. */
function nameOf(id: number, generation: number): string {
  return `${id}.${generation}`;
}

/** Parses a stream's name. A stream that is no claim is ignored: people make log streams too. */
const parseName = remembered((name) => {
  const match = /^([1-9]\d{0,2})\.([1-9]\d*)$/.exec(name);
  const id = Number(match?.[1]);
  return match && id <= HIGHEST_ID ? { id, generation: Number(match[2]) } : undefined;
});

/**
 * By name, the age of each claim in the list of streams. A stream may be older than its claim, or made anew. The object
 * is as old as the claim itself.
 */
function claimsAmong(list: readonly { readonly name: string; readonly ageMs: number }[]): ReadonlyMap<string, number> {
  const ages = new Map<string, number>();
  for (const { name, ageMs } of list) if (parseName(name)) ages.set(name, ageMs);
  return ages;
}

const FOLDER = 'claims/';
const ENDING = '.json';

/** The name of the claim whose object has this key. Keys of another form under `claims/` are not ours. */
const nameUnder = remembered((key) => {
  const name = key.endsWith(ENDING) ? key.slice(FOLDER.length, -ENDING.length) : '';
  return parseName(name) && name;
});

/** By name, the age of each claim among the keys in the bucket. */
function claimsUnder(listing: readonly Listed[]): ReadonlyMap<string, number> {
  const ages = new Map<string, number>();
  for (const { key, ageMs } of listing) {
    const name = key.startsWith(FOLDER) ? nameUnder(key) : undefined;
    if (name !== undefined) ages.set(name, ageMs);
  }
  return ages;
}

/** All claims, lowest ids first and generations ascending. Rejects when one of the sources can't be read completely. */
export async function readClaims(
  shelf: Shelf,
  { listing, self }: ClaimSources,
  signal: AbortSignal,
): Promise<readonly Claim[]> {
  const memory = memoryOf(shelf.objects);
  // Neither list waits for the other: an owner is read as soon as one of them names its generation.
  const [streams, objects] = await Promise.all([
    shelf.claimStreams.list(signal).then((list) => readOwners(shelf, memory, claimsAmong(list), signal)),
    listing.then((list) => readOwners(shelf, memory, claimsUnder(list), signal)),
  ]);
  for (const [name, ageMs] of streams.ages) memory.sawStream(name, ageMs);
  const claims = claimsOf(memory, streams, objects);
  const more: Claim[] = [];
  for (const id of new Set(self.ids)) {
    const highest = highestGenerations(claims).get(id);
    const owner = highest?.owner;
    if (typeof owner === 'object' && owner.instance === self.instance) continue;
    more.push(...(await readOnwards(shelf, id, (highest?.generation ?? 0) + 1, signal)));
  }
  return [...claims, ...more].sort((a, b) => a.id - b.id || a.generation - b.generation);
}

/** What a list says: by name, the age of each generation, and the owners that this process had not read before. */
interface Named {
  readonly ages: ReadonlyMap<string, number>;
  readonly owners: ReadonlyMap<string, Owner | undefined>;
}

/** The claims that either list names, now or at an earlier look of this process, and those that were read by key. */
function claimsOf(memory: ClaimMemory, streams: Named, objects: Named): readonly Claim[] {
  const found = new Map<string, Claim>();
  // `memory.streams` includes the streams of this list.
  for (const names of [memory.streams, objects.ages, memory.owners]) {
    for (const name of names.keys()) {
      const parsed = found.has(name) ? undefined : parseName(name);
      if (!parsed) continue;
      const { id, generation } = parsed;
      const known = memory.owners.get(name);
      const owner = known?.owner ?? objects.owners.get(name) ?? streams.owners.get(name);
      const ageMs = objects.ages.get(name) ?? streams.ages.get(name) ?? known?.ageMs ?? memory.streams.get(name) ?? 0;
      const claim = { id, generation, owner, ...whyOf(memory, name, owner), ageMs };
      found.set(name, memory.streams.has(name) ? claim : { ...claim, unlisted: true });
    }
  }
  return [...found.values()];
}

function whyOf(memory: ClaimMemory, name: string, owner: Owner | undefined): Pick<Claim, 'why'> {
  const why = owner === 'unreadable' ? memory.unreadable.get(name) : undefined;
  return why === undefined ? {} : { why };
}

async function readOwners(
  shelf: Shelf,
  memory: ClaimMemory,
  ages: ReadonlyMap<string, number>,
  signal: AbortSignal,
): Promise<Named> {
  const names = [...ages.keys()].filter((name) => !memory.owners.has(name));
  const found = await Promise.all(names.map((name) => memory.once(name, () => readOwner(shelf, name, signal))));
  return { ages, owners: new Map(names.map((name, index) => [name, found[index]])) };
}

/** An owner is created once and never changed, so one that was read stays true and is not read again. */
async function readOwner(shelf: Shelf, name: string, signal: AbortSignal): Promise<Owner | undefined> {
  const memory = memoryOf(shelf.objects);
  const remembered = memory.owners.get(name);
  if (remembered) return remembered.owner;
  const found = await shelf.objects.get(`claims/${name}.json`, signal);
  if (!found) return undefined;
  const { owner, why } = ownerIn(found.body);
  if (why === undefined) memory.keepOwner(name, owner, found.ageMs);
  else memory.unreadable.set(name, why);
  return owner;
}

/** Whose a claim is, or the reason why this release does not understand its object. */
const ownerIn = remembered(parseOwner);

function parseOwner(body: string): { readonly owner: Owner; readonly why?: string } {
  const value = parsedBody(body);
  if (!value) return { owner: 'unreadable', why: 'it is no JSON object' };
  const why = whyNotUnderstood('claim', value) ?? misfitOf('claim', value);
  if (why !== undefined) return { owner: 'unreadable', why };
  if (value.void === true) return { owner: 'void' };
  if (value.released === true) return { owner: 'released' };
  const { instance, address, slot } = value as unknown as ClaimOwner;
  return { owner: { instance, address, ...(slot ? { slot } : {}) } };
}

/**
 * The generations of an id from this one on, each read by its key until there is none. A generation is claimed only
 * after the one below has an owner or is void. So the first key without an object is the end.
 */
async function readOnwards(shelf: Shelf, id: number, from: number, signal: AbortSignal): Promise<readonly Claim[]> {
  const memory = memoryOf(shelf.objects);
  const claims: Claim[] = [];
  for (let generation = from; generation < from + MOST_GENERATIONS_UNLISTED; generation++) {
    const name = nameOf(id, generation);
    const owner = await readOwner(shelf, name, signal);
    if (owner === undefined) return claims;
    const known = { id, generation, owner, ...whyOf(memory, name, owner) };
    claims.push({ ...known, ageMs: memory.owners.get(name)?.ageMs ?? 0, unlisted: true });
  }
  throw new Error(`The claims on id ${id} go on beyond generation ${from + MOST_GENERATIONS_UNLISTED}.`);
}

/**
 * All owned generations of an id, read by their keys whatever any list says (Joining 5). Those that a look has read
 * cost nothing, so this is usually one call.
 */
export async function claimsByKey(shelf: Shelf, id: number, signal: AbortSignal): Promise<readonly Claim[]> {
  return readOnwards(shelf, id, 1, signal);
}

/**
 * Claims one generation of an id for this node. `taken`: another node has it, or may have it.
 *
 * A stream that certainly existed before this call belongs to the node that made it. If an answer was lost, this node
 * may have made the stream. Then the object decides, because only one node can create it (Claims 1, 4). The object also
 * decides where a stream was deleted without its owner and is now made anew: its object is still there.
 */
export async function claimId(
  shelf: Shelf,
  id: number,
  generation: number,
  owner: ClaimOwner,
  signal: AbortSignal,
): Promise<'claimed' | 'taken'> {
  const memory = memoryOf(shelf.objects);
  const name = nameOf(id, generation);
  const stream = await shelf.claimStreams.create(name, signal);
  // The list of streams may not show this stream for a while. Without this line, the next look would choose it again.
  memory.sawStream(name, 0);
  if (stream === 'exists') return 'taken';
  if ((await shelf.objects.createOnce(ownerKey({ id, generation }), bodyOf('claim', owner), signal)) === 'created') {
    memory.keepOwner(name, owner, 0);
    return 'claimed';
  }
  const there = await readOwner(shelf, name, signal);
  return typeof there === 'object' && there.instance === owner.instance ? 'claimed' : 'taken';
}

/** Claims 4: a generation without an owner for 15 minutes is given up, unless its owner's write was first. */
export async function voidClaim(shelf: Shelf, id: number, generation: number, signal: AbortSignal): Promise<void> {
  await shelf.objects.createOnce(ownerKey({ id, generation }), bodyOf('claim', { void: true }), signal);
}

/** Slots 7: the holder says that it gives the slot back, in the generation after its own. */
export async function releaseId(shelf: Shelf, id: number, generation: number, signal: AbortSignal): Promise<void> {
  await shelf.objects.createOnce(ownerKey({ id, generation }), bodyOf('claim', { released: true }), signal);
}

/**
 * Claims 8: makes the stream of a claim anew. The stream may only be missing because the list lags, so this is tried
 * once in a process. A stream that exists already is fine.
 */
export async function restoreStream(shelf: Shelf, id: number, generation: number, signal: AbortSignal): Promise<void> {
  const name = nameOf(id, generation);
  memoryOf(shelf.objects).sawStream(name, 0);
  await shelf.claimStreams.create(name, signal);
}
