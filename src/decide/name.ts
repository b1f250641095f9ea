// SPDX-License-Identifier: Apache-2.0
/** The name of a voter (docs/protocol.md, "Names"). Pure. */
import { freePlace, isHeld, placeOfInstance } from '../facts/own-place.ts';
import {
  areSameRecords,
  type NameRecord,
  type NameZone,
  type Naming,
  placeOf,
  placeOwners,
  wantedRecords,
} from '../model/names.ts';
import type { Ensemble, Observation } from '../model/observation.ts';
import { type Decision, take, waitForFact } from '../model/step.ts';

/** For a node that votes and serves. Undefined when nothing about its name is left to do, or there is no zone. */
export function decideName(observation: Observation, ensemble: Ensemble): Decision | undefined {
  const { zone, naming, order } = observation;
  if (!zone || order.command === 'remove-terminated') return undefined;
  if (!naming?.known) {
    const why = naming?.why ?? 'they were not looked at';
    return waitForFact(`This node votes, and whether its name stands is unknown: ${why.replace(/\.$/, '')}.`, naming);
  }
  return (
    decidePlace(observation, ensemble, zone, naming.value) ??
    decideRecords(observation, zone, naming.value) ??
    decideSurplus(observation, ensemble, zone, naming.value)
  );
}

/** Names 2: a voter without a place takes the lowest free one. Where none is free, it has no name. */
function decidePlace(
  observation: Observation,
  ensemble: Ensemble,
  zone: NameZone,
  { places }: Naming,
): Decision | undefined {
  const own = placeOfInstance(places, observation.self.instance);
  if (own && own.place <= zone.places) return undefined;
  const free = freePlace(observation, ensemble, places, zone);
  if (!free) return undefined;
  return take(
    { kind: 'claim-place', ...free, fromVersion: ensemble.config.version },
    `This node votes and has no name, and place ${free.place} is the lowest free one.`,
  );
}

/** Names 3 and 4: the records of the own place are written until they stand, and until Route 53 said INSYNC once. */
function decideRecords({ disk, self }: Observation, zone: NameZone, { places, records }: Naming): Decision | undefined {
  const own = placeOfInstance(places, self.instance);
  if (!own || own.place > zone.places) return undefined;
  const { place, generation } = own;
  const there = recordsOf(zone, records, place);
  const wanted = wantedRecords(zone, own, self.address);
  const noted = disk.named?.place === place && disk.named.generation === generation;
  if (noted && areSameRecords(there, wanted)) return undefined;
  return take(
    { kind: 'write-name', place, generation, there, wanted },
    `The name of place ${place}, which this node has, ${there.length === 0 ? 'is not there yet' : 'is not known to stand'}.`,
  );
}

/** Names 6: the leader takes away names of places that there are no more, once no member has them. */
function decideSurplus(
  observation: Observation,
  { config, leader }: Ensemble,
  zone: NameZone,
  { places, records }: Naming,
): Decision | undefined {
  if (leader.address !== observation.self.address) return undefined;
  const owners = placeOwners(places);
  const there = records.filter((record) => {
    const place = placeOf(zone, record);
    if (place === undefined || place <= zone.places) return false;
    const claim = owners.get(place);
    // A claim that no list shows may be a member's.
    return claim !== undefined && !isHeld(observation, config, places, claim);
  });
  if (there.length === 0) return undefined;
  const surplus = [...new Set(there.map((record) => placeOf(zone, record)))];
  return take(
    { kind: 'remove-names', there },
    `No member has the names of place ${surplus.join(', ')} any more, and this cluster has ${zone.places} places.`,
  );
}

function recordsOf(zone: NameZone, records: readonly NameRecord[], place: number): readonly NameRecord[] {
  return records.filter((record) => placeOf(zone, record) === place);
}
