// SPDX-License-Identifier: Apache-2.0
/** What counts of an instance when some of them are chosen. */
interface Placed {
  readonly instance: string;
  readonly zone: string;
}

/**
 * The obsolete instances to terminate next. Each is from the zone with the most instances, then with the most obsolete
 * ones, so that the group is spread over its zones when the update is done. AWS gets there by AZ rebalancing, which
 * follows the update and is not imitated. `active` are all instances that are not leaving.
 */
export function nextVictims(obsolete: readonly Placed[], active: readonly Placed[], count: number): readonly string[] {
  const left = [...obsolete];
  let staying = [...active];
  const victims: string[] = [];
  const inZone = (list: readonly Placed[], zone: string): number => list.filter((each) => each.zone === zone).length;
  while (victims.length < count && left.length > 0) {
    const unsorted = [...left];
    left.sort(
      (a, b) =>
        inZone(staying, b.zone) - inZone(staying, a.zone) ||
        inZone(unsorted, b.zone) - inZone(unsorted, a.zone) ||
        a.instance.localeCompare(b.instance),
    );
    const [victim] = left.splice(0, 1);
    if (victim === undefined) break;
    victims.push(victim.instance);
    staying = staying.filter(({ instance }) => instance !== victim.instance);
  }
  return victims;
}
