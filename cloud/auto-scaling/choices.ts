// SPDX-License-Identifier: Apache-2.0
import { activeInstances, type Group, type GroupInstance, type Place } from './group.ts';

/**
 * The places for the next instance, the best first, one per zone. Best is the zone with the fewest instances, and in it
 * the subnet with the fewest. Among equals (AWS takes any) it is the zone with the fewest `fresh` ones, those of the
 * newest template: otherwise an update could end with several nodes in one zone. Then it is the first of
 * VPCZoneIdentifier. `taken` has the place of each instance, the fresh ones too.
 */
export function nextPlaces(
  places: readonly Place[],
  taken: readonly Place[],
  fresh: readonly Place[] = [],
): readonly Place[] {
  const inZone = (place: Place): number => taken.filter(({ zone }) => zone === place.zone).length;
  const inSubnet = (place: Place): number => taken.filter(({ subnet }) => subnet === place.subnet).length;
  const freshIn = (place: Place): number => fresh.filter(({ zone }) => zone === place.zone).length;
  const sorted = places.toSorted(
    (a, b) => inZone(a) - inZone(b) || freshIn(a) - freshIn(b) || inSubnet(a) - inSubnet(b),
  );
  return sorted.filter((place, at) => sorted.findIndex(({ zone }) => zone === place.zone) === at);
}

/**
 * The instance to terminate at scale-in, from the zone with the most instances. With NewestInstance it is the newest.
 * With the default termination policy, it is the oldest of those from the oldest launch template version. (AWS takes
 * the one closest to its next billing hour, which can be any of these.) Undefined when all are protected from scale-in.
 */
export function scaleInVictim(group: Group): GroupInstance | undefined {
  const active = activeInstances(group);
  const candidates = active.filter((instance) => !instance.protectedFromScaleIn);
  const inZone = (zone: string): number => active.filter((other) => other.place.zone === zone).length;
  const newestFirst = group.terminationPolicy === 'NewestInstance';
  const [victim] = candidates.sort(
    (a, b) =>
      inZone(b.place.zone) - inZone(a.place.zone) ||
      (newestFirst
        ? b.launchedAtMs - a.launchedAtMs
        : a.template.version - b.template.version || a.launchedAtMs - b.launchedAtMs) ||
      a.instance.localeCompare(b.instance),
  );
  return victim;
}
