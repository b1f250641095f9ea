// SPDX-License-Identifier: Apache-2.0
/** Which places nodes have (docs/protocol.md, "Names 1" and "Names 2"). Pure. */
import { instancesBehind, unreadableOf } from '../model/claims.ts';
import type { EnsembleConfig } from '../model/member.ts';
import { type NameZone, type PlaceClaim, placeOwners } from '../model/names.ts';
import type { Ensemble, Observation } from '../model/observation.ts';
import { isGone } from './lives.ts';

/** Names 1: the place of an instance is the lowest that it owns. */
export function placeOfInstance(places: readonly PlaceClaim[], instance: string): PlaceClaim | undefined {
  return [...placeOwners(places).values()]
    .filter(({ owner }) => owner !== 'unreadable' && owner.instance === instance)
    .sort((left, right) => left.place - right.place)[0];
}

/**
 * Names 2: the lowest place that nobody has. A place passes on when its owner is gone for good, or is a member no
 * longer. Undefined when there is none.
 */
export function freePlace(
  observation: Observation,
  { config }: Ensemble,
  places: readonly PlaceClaim[],
  { places: most }: NameZone,
): Pick<PlaceClaim, 'place' | 'generation'> | undefined {
  const owners = placeOwners(places);
  for (let place = 1; place <= most; place++) {
    const claim = owners.get(place);
    if (!claim) return { place, generation: 1 };
    if (isHeld(observation, config, places, claim)) continue;
    return { place, generation: claim.generation + 1 };
  }
  return undefined;
}

/** An owner has one place: of several the lowest one. */
export function isHeld(
  observation: Observation,
  config: EnsembleConfig,
  places: readonly PlaceClaim[],
  claim: PlaceClaim,
): boolean {
  const { owner } = claim;
  if (owner === 'unreadable') return true;
  if (isGone(observation, owner.instance)) return false;
  if (placeOfInstance(places, owner.instance)?.place !== claim.place) return false;
  return [config, observation.disk.pending].some((each) => mayBeMember(observation, each, owner));
}

/** By address, and by the claims on the id of the member there. Where these say nothing, it may be the owner. */
function mayBeMember(
  { shared }: Observation,
  config: EnsembleConfig | undefined,
  { instance, address }: { readonly instance: string; readonly address: string },
): boolean {
  const claims = shared.known ? shared.value.claims : [];
  return (config?.members ?? []).some((member) => {
    if (member.address !== address) return false;
    const behind = instancesBehind(claims, member);
    return behind.length === 0 || behind.includes(instance) || unreadableOf(claims, member.id) !== undefined;
  });
}
