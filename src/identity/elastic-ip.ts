// SPDX-License-Identifier: Apache-2.0
/**
 * Elastic IPs (docs/protocol.md, "Static identities"): each id has an address of its own, which the stack made. The
 * data goes with the instance, and the member with it. A successor takes the free address with its id, and joins empty.
 */
import { mayHoldId } from '../facts/by-hand.ts';
import { recoverable } from '../facts/data.ts';
import { isGone, lifeOf } from '../facts/lives.ts';
import { bindingConfigs, chosenClaim, ownClaims } from '../facts/own-claim.ts';
import { highestGenerations, holderOf } from '../model/claims.ts';
import { type Known, known, type SlotFact, unknown } from '../model/cloud.ts';
import { unreadable } from '../model/disk.ts';
import { EVERY_ADDRESS, listed, memberAt } from '../model/member.ts';
import type { Ensemble, Observation, Shared } from '../model/observation.ts';
import type { Claim, ClaimOwner, RecordMember } from '../model/records.ts';
import type { Due, FoundingHeld, IdMode } from './id-mode.ts';

export const elasticIp: IdMode = {
  ids,
  isFree,
  noneFree,
  isInUse: ({ id, owner }, observation) =>
    typeof owner === 'object' && slotOf(observation, id)?.instance === owner.instance,
  whatHoldsFounding,
  claimed: (id, observation) => ({ slot: slotOf(observation, id)?.address ?? observation.self.address }),
  // Slots 1: by its address, never by a name. Elastic IP 6: no card has the address, so the server listens on all.
  memberAt: (id, address, role) => ({ ...memberAt(id, address, role), clientAddress: EVERY_ADDRESS }),
  settleId: (observation) => releaseOther(observation) ?? bringAddress(observation),
  whatHoldsStart,
  makesRoom,
  hasRoom,
};

function listedSlots({ slots }: Observation): Known<readonly SlotFact[]> {
  return slots?.listed ?? unknown('this node has no slots');
}

/** Slots 6: a slot is what its tags say. Two that say the same are none. */
function slotOf(observation: Observation, id: number): SlotFact | undefined {
  const all = listedSlots(observation);
  const found = all.known ? all.value.filter((slot) => slot.id === id) : [];
  return found.length === 1 ? found[0] : undefined;
}

function sharedOf({ shared }: Observation): Shared {
  return shared.known ? shared.value : { records: [], claims: [], dead: [] };
}

/**
 * Elastic IP 1: the lowest first. Before the first record, for people's eyes, a node begins with its rank among the
 * private addresses of its group, once it sees as many as are desired.
 */
function ids(observation: Observation): Known<readonly number[]> {
  const all = listedSlots(observation);
  if (!all.known) return all;
  const { value: slots } = all;
  const lowestFirst = [...new Set(slots.map(({ id }) => id))].sort((a, b) => a - b);
  const rank = rankIn(observation);
  if (!rank.known) return rank;
  const first = rank.value === undefined ? undefined : lowestFirst[rank.value];
  return known(first === undefined ? lowestFirst : [first, ...lowestFirst.filter((id) => id !== first)]);
}

function rankIn({ slots, group, shared, self }: Observation): Known<number | undefined> {
  if (!shared.known || shared.value.records.length > 0 || !group.known) return known(undefined);
  const { desired, instances } = group.value;
  const staying = instances.filter(({ lifecycleState }) => !lifecycleState.startsWith('Terminat'));
  const seen = (slots?.group ?? []).filter(({ instance }) => staying.some((each) => each.instance === instance));
  const addresses = seen.flatMap(({ address }) => (address === undefined ? [] : [numberOf(address)]));
  if (addresses.length < desired) {
    return unknown(`EC2 shows the addresses of ${addresses.length} of the ${desired} nodes that the group desires`);
  }
  const rank = addresses.sort((a, b) => a - b).indexOf(numberOf(self.privateAddress ?? self.address));
  return known(rank < 0 ? undefined : rank);
}

function numberOf(address: string): number {
  return address.split('.').reduce((number, part) => number * 256 + Number(part), 0);
}

/**
 * Slots 2: an id passes on when its holder is gone for good. Beside an ensemble it also has to be out of the config
 * (Elastic IP 2). While none answers it passes on listed or not (Elastic IP 3).
 */
function isFree(id: number, claim: Claim | undefined, observation: Observation): boolean {
  const slot = slotOf(observation, id);
  if (slot === undefined || (claim && (claim.owner === undefined || claim.owner === 'unreadable'))) return false;
  if (observation.ensemble) {
    // Elastic IP 2: the leader removes the dead member first.
    if (bindingConfigs(observation).some((config) => mayHoldId(config, id))) return false;
    if (unreadable(observation.disk, 'pending')) return false;
  }
  const holder = holderOf(sharedOf(observation).claims, id);
  if (holder === undefined) return true;
  return standsAt(holder, slot) && isGone(observation, holder.instance);
}

/** Slots 6: what the tags say is held against the newest claim. */
function standsAt({ address }: ClaimOwner, slot: SlotFact): boolean {
  return address === slot.address;
}

function noneFree(observation: Observation): string {
  const all = listedSlots(observation);
  const slots = all.known ? all.value : [];
  if (slots.length === 0) return 'No slot of this cluster is seen.';
  const names = slots.map((slot) => `slot ${slot.id} at ${slot.address} ${whoseIs(observation, slot)}`);
  return `No slot is free: ${names.join('; ')}.`;
}

function whoseIs(observation: Observation, slot: SlotFact): string {
  const holder = holderOf(sharedOf(observation).claims, slot.id);
  if (slotOf(observation, slot.id) === undefined) return 'has its id twice by the tags';
  if (!holder) return 'has a claim whose owner is not known yet';
  if (!standsAt(holder, slot)) return `was claimed by ${holder.instance} at ${holder.address}`;
  return isGone(observation, holder.instance)
    ? `is left by ${holder.instance}, and the config still lists it`
    : `belongs to ${holder.instance}`;
}

/** Slots 5: the first members wait for each other's addresses, or a server would look for them in vain. */
function whatHoldsFounding(observation: Observation, members: readonly RecordMember[]): FoundingHeld | undefined {
  const all = listedSlots(observation);
  if (!all.known) return { why: `No first ensemble is founded while the slots can't be listed: ${all.why}` };
  const missing = members.find(({ id, instance }) => slotOf(observation, id)?.instance !== instance);
  if (!missing) return undefined;
  const why = `The first ensemble waits for the address ${missing.address} of slot ${missing.id}: EC2 does not show it at ${missing.instance} yet.`;
  return { why, awaited: missing.instance };
}

/** The slot under which this node goes, once its disk says so. */
function ownSlot(observation: Observation): { readonly claim: Claim; readonly slot: SlotFact | undefined } | undefined {
  const claim = chosenClaim(observation, sharedOf(observation));
  if (!claim || observation.disk.id !== claim.id) return undefined;
  const slot = slotOf(observation, claim.id);
  return { claim, slot: slot && standsAt(claim.owner, slot) ? slot : undefined };
}

/**
 * Slots 7: a late answer may leave a node with two slots, and there is none to spare. The one that it does not go by is
 * given back. All that is on its disk has to be of the other slot, and no config that binds may hold the one.
 */
function releaseOther(observation: Observation): Due | undefined {
  const { disk, shared } = observation;
  const own = ownSlot(observation);
  if (!own || !shared.known || unreadable(disk, 'pending') || unreadable(disk, 'stamp')) return undefined;
  const isOfOwn = disk.stamp ? disk.stamp.id === own.claim.id : disk.data === undefined && disk.aside.length === 0;
  if (!isOfOwn) return undefined;
  const configs = bindingConfigs(observation);
  const other = ownClaims(observation, shared.value).find(
    ({ id }) => id !== own.claim.id && !configs.some((config) => mayHoldId(config, id)) && !isNamed(observation, id),
  );
  if (!other) return undefined;
  return {
    step: { kind: 'release-id', id: other.id, generation: other.generation + 1 },
    why: `This node goes by slot ${own.claim.id}, and gives slot ${other.id} back for another node.`,
  };
}

/** Whether a record names this node under this id. A record counts as a config (docs/protocol.md, "Words"). */
function isNamed(observation: Observation, id: number): boolean {
  return sharedOf(observation).records.some((record) => {
    const members = record.kind === 'genesis' ? record.members : [record.owner];
    return members.some((each) => each.id === id && each.instance === observation.self.instance);
  });
}

/** Slots 4: each look attaches again what is missing. */
function bringAddress(observation: Observation): Due | undefined {
  const slot = ownSlot(observation)?.slot;
  if (!slot || slot.instance !== undefined) return undefined;
  return {
    step: { kind: 'attach-slot', slot },
    why: `This node holds slot ${slot.id}, and nobody has its address ${slot.address}.`,
  };
}

/**
 * Slots 4: no server starts without its address. While EC2 does not say where the address is, a node that has voted
 * before starts all the same: an address stays at an instance that reboots.
 */
function whatHoldsStart(observation: Observation): string | undefined {
  const { self, disk } = observation;
  const own = ownSlot(observation);
  if (own?.slot?.instance === self.instance) return undefined;
  if (own?.slot === undefined) {
    return disk.ready ? undefined : 'The server does not start: where the address of its slot is can not be told.';
  }
  return `The server does not start: ${own.slot.instance ?? 'nobody'} has the address ${own.slot.address} of its slot.`;
}

/** Elastic IP 4: a slot is free for a replacement, or a replacement holds one and does not vote yet. */
function hasRoom(observation: Observation, { config }: Ensemble): boolean {
  const all = listedSlots(observation);
  // A list without this node's own slot is not whole.
  if (!all.known || !observation.shared.known || ownSlot(observation)?.slot === undefined) return true;
  const highest = highestGenerations(observation.shared.value.claims);
  return all.value.some(
    ({ id, address }) =>
      isFree(id, highest.get(id), observation) ||
      (listed(config, id, address)?.role !== 'participant' && stays(observation, id)),
  );
}

/** Whether a living node holds this slot that its group does not take. */
function stays(observation: Observation, id: number): boolean {
  const holder = holderOf(sharedOf(observation).claims, id);
  if (!holder || lifeOf(observation, holder.instance) !== 'alive') return false;
  const { group } = observation;
  const instances = group.known ? group.value.instances : [];
  return instances.every(
    ({ instance, lifecycleState }) => instance !== holder.instance || !lifecycleState.startsWith('Terminat'),
  );
}

/**
 * Elastic IP 5: a new first ensemble may need this slot: fewer slots are free, or held by nodes that stay, than the
 * group desires nodes.
 */
function makesRoom(observation: Observation): boolean {
  const { disk, group } = observation;
  const all = listedSlots(observation);
  if (!all.known || !group.known || (disk.unreadable ?? []).length > 0) return false;
  // A list without this node's own slot is not whole.
  if (ownSlot(observation)?.slot === undefined) return false;
  const mayCount = [disk.data, ...disk.aside.map(({ data }) => data)].filter((data) => data !== undefined);
  if (mayCount.some((data) => data.damage !== undefined || recoverable(data))) return false;
  const highest = highestGenerations(sharedOf(observation).claims);
  const left = all.value.filter(({ id }) => isFree(id, highest.get(id), observation) || stays(observation, id));
  return left.length < group.value.desired;
}
