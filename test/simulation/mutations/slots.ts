// SPDX-License-Identifier: Apache-2.0
import type { SlotFact } from '../../../src/model/cloud.ts';
import type { Observation, ObservedSlots, Shared } from '../../../src/model/observation.ts';
import type { Claim } from '../../../src/model/records.ts';
import { take } from '../../../src/model/step.ts';
import type { Mutation } from './mutation.ts';
import { deciding, withLives } from './seen.ts';

const mode = 'elastic-ip';

export const SLOT_MUTATIONS: readonly Mutation[] = [
  {
    name: 'holder-by-highest-generation',
    rule: 'Slots 2: the holder is the owner of the highest generation that has one',
    mode,
    parts: deciding((observation) => withClaims(observation, highestAlone)),
  },
  {
    name: 'own-slot-by-list-alone',
    rule: 'Slots 3: a node that holds a slot takes that one, whether or not a list shows it',
    mode,
    parts: deciding((observation) => {
      const shown = slotsIn(observation).map(({ id }) => id);
      const { instance } = observation.self;
      return withClaims(observation, (claims) =>
        claims.filter(
          ({ id, owner }) => typeof owner !== 'object' || owner.instance !== instance || shown.includes(id),
        ),
      );
    }),
  },
  {
    name: 'freed-is-gone',
    rule: 'Slots 4: that an address is free proves nothing about the instance that had it',
    mode,
    parts: deciding((observation) => withLives(observation, (life) => (life === 'shutting-down' ? 'gone' : life))),
  },
  {
    name: 'starts-without-its-address',
    rule: 'Slots 4: no server starts without the address of its slot',
    mode,
    parts: (parts) => ({
      ...parts,
      decide: (observation) => {
        const decision = parts.decide(observation);
        const held = decision.kind === 'wait' && decision.why.startsWith('The server does not start');
        return held ? take({ kind: 'start-server' }, 'It starts all the same.') : decision;
      },
    }),
  },
  {
    name: 'founds-before-the-addresses',
    rule: 'Slots 5: record 1 is written once EC2 shows the address of each member at its instance',
    mode,
    seeds: 100,
    parts: deciding((observation) =>
      withSlots(observation, (slots) => slots.map((slot) => atHolder(observation, slot))),
    ),
  },
  {
    name: 'keeps-two-slots',
    rule: 'Slots 7: a node gives back the slot that it does not go by',
    mode,
    seeds: 100,
    parts: (parts) => ({
      ...parts,
      decide: (observation) => {
        const decision = parts.decide(observation);
        if (decision.kind !== 'step' || decision.step.kind !== 'release-id') return decision;
        const { id } = decision.step;
        return parts.decide(withClaims(observation, (claims) => claims.filter((claim) => claim.id !== id)));
      },
    }),
  },
  {
    name: 'pool-of-one',
    rule: 'Elastic IP 1: there are at least two addresses',
    mode,
    addresses: 1,
  },
  {
    name: 'nothing-free-without-ensemble',
    rule: 'Elastic IP 3: while no ensemble answers, the slot of the dead passes on, listed or not',
    mode,
    seeds: 20,
    parts: deciding((observation) =>
      observation.ensemble || observation.disk.id !== undefined
        ? observation
        : withLives(observation, (life) => (life === 'gone' ? 'alive' : life)),
    ),
  },
  {
    name: 'waits-for-a-replacement-without-a-slot',
    rule: 'Elastic IP 4: where no slot is free for a replacement, a leaving node does not wait for it',
    mode,
    seeds: 100,
    parts: deciding((observation) =>
      withSlots(observation, (slots) => [...slots, { id: 199, address: '198.51.100.199', allocation: 'eipalloc-199' }]),
    ),
  },
  {
    name: 'keeps-its-slot-while-it-leaves',
    rule: 'Elastic IP 5: a leaving node with nothing to recover from goes at once where a new first ensemble may need its slot',
    mode,
    parts: deciding((observation) => {
      const { group, ensemble } = observation;
      if (ensemble || !group.known) return observation;
      const leaves = observation.targetState.known && observation.targetState.value === 'Terminated';
      return leaves ? { ...observation, group: { known: true, value: { ...group.value, desired: 1 } } } : observation;
    }),
  },
];

function withClaims(observation: Observation, change: (claims: Shared['claims']) => Shared['claims']): Observation {
  const { shared } = observation;
  if (!shared.known) return observation;
  return { ...observation, shared: { known: true, value: { ...shared.value, claims: change(shared.value.claims) } } };
}

function highestAlone(claims: readonly Claim[]): readonly Claim[] {
  return claims.filter(({ id, generation }) =>
    claims.every((other) => other.id !== id || other.generation <= generation),
  );
}

function slotsIn({ slots }: Observation): readonly SlotFact[] {
  return slots?.listed.known ? slots.listed.value : [];
}

function withSlots(observation: Observation, change: (slots: readonly SlotFact[]) => readonly SlotFact[]): Observation {
  const { slots } = observation;
  if (!slots?.listed.known) return observation;
  const changed: ObservedSlots = { ...slots, listed: { known: true, value: change(slots.listed.value) } };
  return { ...observation, slots: changed };
}

function atHolder({ shared }: Observation, slot: SlotFact): SlotFact {
  const owner = shared.known ? shared.value.claims.findLast(({ id }) => id === slot.id)?.owner : undefined;
  return typeof owner === 'object' ? { ...slot, instance: owner.instance } : slot;
}
