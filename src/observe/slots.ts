// SPDX-License-Identifier: Apache-2.0
/** The slots, and at which address this node is a member (docs/protocol.md, "Static identities"). */
import { chosenClaim } from '../facts/own-claim.ts';
import type { InstanceFact, Known, SlotFact, SlotKind } from '../model/cloud.ts';
import type { Observation, ObservedSlots, Self, Shared } from '../model/observation.ts';
import type { SlotShelf } from '../ports.ts';
import { attempt } from './attempt.ts';
import type { Look } from './look.ts';

interface Shelf {
  readonly kind: SlotKind;
  readonly listed: Known<readonly SlotFact[]>;
  readonly ownAddress: Known<string | undefined>;
}

export async function observeShelf(slots: SlotShelf, { self }: Look, signal: AbortSignal): Promise<Shelf> {
  const [listed, ownAddress] = await Promise.all([
    attempt(() => slots.list(self.cluster, signal), signal),
    attempt(() => slots.ownAddress(signal), signal),
  ]);
  return { kind: slots.kind, listed, ownAddress };
}

type Seen = Pick<Observation, 'disk' | 'ensemble'> & { readonly shared: Known<Shared> };

/**
 * Slots 3: a node stands at the address of the slot that it has claimed, whether or not a list shows this slot. Without
 * a claim, as while AWS does not answer, its own machine says which address it has.
 */
export function selfOn({ ownAddress }: Pick<Shelf, 'ownAddress'>, { self }: Look, seen: Seen): Self {
  const { address: privateAddress } = self;
  const here: Self = { ...self, privateAddress, address: (ownAddress.known && ownAddress.value) || privateAddress };
  const claim = seen.shared.known ? chosenClaim({ self: here, ...seen }, seen.shared.value) : undefined;
  return claim ? { ...here, address: claim.owner.address } : here;
}

/** After a step of this node alone: a claim that it has made since. */
export function selfAgain(
  { self, ensemble }: Pick<Observation, 'self' | 'ensemble'>,
  look: Look,
  seen: Omit<Seen, 'ensemble'>,
): Self {
  return selfOn({ ownAddress: { known: true, value: self.address } }, look, { ...seen, ensemble });
}

/** Before the first record, a node also looks which instances the group has. */
export async function slotsOn(
  { kind, listed }: Shelf,
  { ports }: Look,
  { shared, group }: Pick<Observation, 'shared' | 'group'>,
  signal: AbortSignal,
): Promise<ObservedSlots> {
  if (!group.known || !shared.known || shared.value.records.length > 0) return { kind, listed };
  const ids = group.value.instances.map(({ instance }) => instance);
  const described: Known<readonly InstanceFact[]> = await attempt(() => ports.ec2.describe(ids, signal), signal);
  return described.known ? { kind, listed, group: described.value } : { kind, listed };
}
