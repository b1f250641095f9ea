// SPDX-License-Identifier: Apache-2.0
/** Names for clients (docs/protocol.md, "Names"). Plain data, and what can be told from it alone. */
import type { ClaimOwner } from './records.ts';

/** The zone in which the nodes of a cluster keep their names. */
export interface NameZone {
  /** Where the names are: `orders-4f1c2a90.internal.`, lower case, with the dot at its end. */
  readonly domain: string;
  /** Places from 1 to this have a name: `zk1.orders-4f1c2a90.internal.`. */
  readonly places: number;
}

/** A claim on a place. The highest generation of a place owns it, as with ids. */
export interface PlaceClaim {
  readonly place: number;
  readonly generation: number;
  readonly owner: ClaimOwner | 'unreadable';
}

/** A record set of addresses, as Route 53 has it. Of a name with many sets, each has an identifier. */
export interface NameRecord {
  /** With the dot at its end. */
  readonly name: string;
  readonly identifier?: string;
  readonly ttlSeconds: number;
  readonly addresses: readonly string[];
}

/** What a look at the names has seen: the records first, then the claims on places (Names 3). */
export interface Naming {
  readonly records: readonly NameRecord[];
  readonly places: readonly PlaceClaim[];
}

const NAME_TTL_SECONDS = 10;
export const HIGHEST_PLACE = 99;

/** By the tag of a node, `orders-4f1c2a90.internal/3`. Undefined for anything else. */
export function zoneInTag(tag: string): NameZone | undefined {
  const [, domain, places] = /^([a-z0-9.-]+)\/([1-9]\d?)$/.exec(tag) ?? [];
  return domain === undefined ? undefined : { domain: `${domain}.`, places: Number(places) };
}

export function placeName({ domain }: NameZone, place: number): string {
  return `zk${place}.${domain}`;
}

/** The records of the owner of a place: the name of the place, and its part of the name of all. */
export function wantedRecords(zone: NameZone, claim: PlaceClaim, address: string): readonly NameRecord[] {
  const common = { ttlSeconds: NAME_TTL_SECONDS, addresses: [address] };
  const identifier = `${claim.place}.${claim.generation}`;
  return [
    { name: placeName(zone, claim.place), ...common },
    { name: zone.domain, identifier, ...common },
  ];
}

/** The place that a record is of; undefined for one that no agent wrote. */
export function placeOf({ domain }: NameZone, { name, identifier }: NameRecord): number | undefined {
  const own = name.endsWith(`.${domain}`) && identifier === undefined ? name.slice(0, -domain.length - 1) : undefined;
  const text = own === undefined ? /^(\d+)\.\d+$/.exec(name === domain ? (identifier ?? '') : '')?.[1] : own.slice(2);
  const place = own === undefined || own.startsWith('zk') ? Number(text) : Number.NaN;
  return Number.isInteger(place) && place >= 1 && place <= HIGHEST_PLACE ? place : undefined;
}

/** By place, the generation that owns it. */
export function placeOwners(places: readonly PlaceClaim[]): ReadonlyMap<number, PlaceClaim> {
  const highest = new Map<number, PlaceClaim>();
  for (const claim of places) {
    if ((highest.get(claim.place)?.generation ?? 0) < claim.generation) highest.set(claim.place, claim);
  }
  return highest;
}

/** Whether these are the same records, in any order. */
export function areSameRecords(left: readonly NameRecord[], right: readonly NameRecord[]): boolean {
  const texts = (records: readonly NameRecord[]): string =>
    records
      .map(({ name, identifier = '', ttlSeconds, addresses }) =>
        [name, identifier, ttlSeconds, ...[...addresses].sort()].join(' '),
      )
      .sort()
      .join('\n');
  return texts(left) === texts(right);
}
