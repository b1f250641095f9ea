// SPDX-License-Identifier: Apache-2.0
/**
 * Claims on places (docs/protocol.md, "Names 1"): `places/2.3.json`, created once, is the third generation of the claim
 * on place 2, and names its owner. Nothing is ever deleted. Key and content appear in one write, so no stream is
 * needed: nothing about a place depends on a list.
 */
import { whyNotUnderstood } from '../model/formats.ts';
import { HIGHEST_PLACE, type PlaceClaim } from '../model/names.ts';
import type { ClaimOwner } from '../model/records.ts';
import type { ObjectStore } from '../ports.ts';
import { bodyOf, parsedBody } from './body.ts';
import { memoryOfStore } from './memory-of-store.ts';
import { remembered } from './remembered.ts';
import { misfitOf } from './shapes.ts';

const FOLDER = 'places/';

const parseKey = remembered((key) => {
  const match = /^places\/([1-9]\d?)\.([1-9]\d{0,8})\.json$/.exec(key);
  return match ? { place: Number(match[1]), generation: Number(match[2]) } : undefined;
});

/** By key, the owners that this process has read. An owner is created once, and never changes. */
const knownOwners = memoryOfStore(() => new Map<string, ClaimOwner>());

function keyOf(place: number, generation: number): string {
  return `${FOLDER}${place}.${generation}.json`;
}

/** All claims on places. Rejects when one of them can't be read. */
export async function readPlaces(objects: ObjectStore, signal: AbortSignal): Promise<readonly PlaceClaim[]> {
  const listed = await objects.list(FOLDER, signal);
  const names = listed.flatMap(({ key }) => {
    const parsed = parseKey(key);
    return parsed && parsed.place <= HIGHEST_PLACE ? [{ key, ...parsed }] : [];
  });
  return Promise.all(
    names.map(async ({ key, place, generation }) => {
      const owner = (await ownerAt(objects, key, signal)) ?? 'unreadable';
      return { place, generation, owner };
    }),
  );
}

/** Undefined when there is no such object. */
async function ownerAt(
  objects: ObjectStore,
  key: string,
  signal: AbortSignal,
): Promise<PlaceClaim['owner'] | undefined> {
  const known = knownOwners(objects);
  const before = known.get(key);
  if (before) return before;
  const found = await objects.get(key, signal);
  if (!found) return undefined;
  const owner = ownerIn(found.body);
  if (owner !== 'unreadable') known.set(key, owner);
  return owner;
}

const ownerIn = remembered((body): PlaceClaim['owner'] => {
  const fields = parsedBody(body);
  if (!fields || whyNotUnderstood('claim', fields) !== undefined) return 'unreadable';
  if (misfitOf('claim', fields) !== undefined || fields.void === true) return 'unreadable';
  const { instance, address } = fields as unknown as ClaimOwner;
  return { instance, address };
});

/** Claims one generation of a place for this node. `taken`: another node has it. */
export async function claimPlace(
  objects: ObjectStore,
  { place, generation }: Pick<PlaceClaim, 'place' | 'generation'>,
  owner: ClaimOwner,
  signal: AbortSignal,
): Promise<'claimed' | 'taken'> {
  const key = keyOf(place, generation);
  if ((await objects.createOnce(key, bodyOf('claim', owner), signal)) === 'created') return 'claimed';
  const there = await ownerAt(objects, key, signal);
  return typeof there === 'object' && there.instance === owner.instance ? 'claimed' : 'taken';
}

/** Whether this generation of the place is claimed, asked for by its key. */
export async function isClaimed(
  objects: ObjectStore,
  { place, generation }: Pick<PlaceClaim, 'place' | 'generation'>,
  signal: AbortSignal,
): Promise<boolean> {
  return (await ownerAt(objects, keyOf(place, generation), signal)) !== undefined;
}
