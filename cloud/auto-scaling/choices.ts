// SPDX-License-Identifier: Apache-2.0
import { activeInstances, type Group, type GroupInstance, type Place } from './group.ts';

/**
 * Where the next instance goes, the best place first, one of each zone: the zone with the fewest instances, in it the
 * subnet with the fewest, and of equals the first of VPCZoneIdentifier (AWS takes any). `taken` has the place of each.
 */
export function nextPlaces(places: readonly Place[], taken: readonly Place[]): readonly Place[] {
  const inZone = (place: Place): number => taken.filter(({ zone }) => zone === place.zone).length;
  const inSubnet = (place: Place): number => taken.filter(({ subnet }) => subnet === place.subnet).length;
  const sorted = places.toSorted((a, b) => inZone(a) - inZone(b) || inSubnet(a) - inSubnet(b));
  return sorted.filter((place, at) => sorted.findIndex(({ zone }) => zone === place.zone) === at);
}

/**
 * Who goes at scale-in: in the zone with the most instances, by the default termination policy those of the oldest launch
 * template version, and of these the oldest (AWS takes the one closest to its next billing hour, so any); by
 * NewestInstance the newest. Undefined when all are protected from scale-in.
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
