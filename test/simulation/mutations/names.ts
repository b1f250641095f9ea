// SPDX-License-Identifier: Apache-2.0
import type { Naming } from '../../../src/model/names.ts';
import type { Observation } from '../../../src/model/observation.ts';
import { wait } from '../../../src/model/step.ts';
import type { Mutation } from './mutation.ts';
import { deciding } from './seen.ts';

/** As if the claims on places were other ones. */
function withPlaces(observation: Observation, change: (naming: Naming) => Naming['places']): Observation {
  const { naming } = observation;
  if (!naming?.known) return observation;
  return { ...observation, naming: { known: true, value: { ...naming.value, places: change(naming.value) } } };
}

export const NAME_MUTATIONS: readonly Mutation[] = [
  {
    name: 'place-not-exclusive',
    rule: 'Names 1: the claim on a place is created once',
    seeds: 1000,
    withLater: true,
    world: ({ cloud: { objects } }) => {
      const once: typeof objects.createOnce = objects.createOnce.bind(objects);
      objects.createOnce = (key, body) => {
        if (!key.startsWith('places/')) return once(key, body);
        objects.put(key, body);
        return 'created';
      };
    },
  },
  {
    name: 'place-of-a-member-taken',
    rule: 'Names 2: a place passes on only when its owner is gone for good, or is a member no longer',
    parts: deciding((observation) =>
      withPlaces(observation, ({ places }) =>
        places.map((claim) =>
          claim.owner === 'unreadable' || claim.owner.instance === observation.self.instance
            ? claim
            : { ...claim, owner: { ...claim.owner, address: '0.0.0.0' } },
        ),
      ),
    ),
  },
  {
    name: 'name-written-over',
    rule: 'Names 3: a write takes away exactly the records that were read',
    world: (world) => {
      world.cloud.names.unconditional = true;
    },
  },
  {
    name: 'launched-before-insync',
    rule: 'Names 4: a launch is over once Route 53 says INSYNC',
    seeds: 300,
    withLater: true,
    world: (world) => {
      world.cloud.names.impatient = true;
    },
  },
  {
    name: 'healing-waits-for-names',
    rule: 'Names 5: what is not known of a name holds back no healing',
    parts: (parts) => ({
      ...parts,
      decide: (observation) =>
        observation.naming?.known === false ? wait('The names are not known.') : parts.decide(observation),
    }),
  },
  {
    name: 'names-of-members-removed',
    rule: 'Names 6: the name of a place that there is no more stays while a member has it',
    parts: deciding((observation) =>
      withPlaces(observation, ({ places }) =>
        places.map((claim) =>
          claim.place <= (observation.zone?.places ?? 0)
            ? claim
            : { ...claim, owner: { instance: 'i-nobody', address: '0.0.0.0' } },
        ),
      ),
    ),
  },
];
