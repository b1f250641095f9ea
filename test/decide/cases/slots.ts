// SPDX-License-Identifier: Apache-2.0
import { known, type SlotFact, unknown } from '../../../src/model/cloud.ts';
import type { EnsembleConfig, Member, MemberRole } from '../../../src/model/member.ts';
import type { Observation, ObservedSlots } from '../../../src/model/observation.ts';
import type { Claim } from '../../../src/model/records.ts';
import { take, wait } from '../../../src/model/step.ts';
import {
  addressOf,
  BELOW_COMMITTED,
  CLUSTER,
  CONFIG_VERSION,
  diskOf,
  EMPTY_DISK,
  ensembleOf,
  genesisOf,
  groupIn,
  groupOf,
  instanceOf,
  LEADS,
  livesOf,
  member,
  NO_RECORD,
  newDiskOf,
  recordMember,
  STACK,
  STOPPED,
  sharedOf,
  silenceOf,
  slotAddress,
  slotClaimOf,
  slotOf,
} from '../parts.ts';
import { beforeGenesis, healthy } from '../situations.ts';
import { lookAtLog, start, terminate } from './advised.ts';
import { type Row, row } from './row.ts';

const LOOK_AT_CLAIMS = [{ action: 'look-at-claims', when: [] }] as const;

/** Node 1 was in the first record, and its server never found another one. */
const NOTHING_COMMITTED: Partial<Observation> = {
  disk: slotDisk(1, { ready: false, data: undefined, marker: true }),
  server: STOPPED,
  ensemble: undefined,
  silence: silenceOf([1, 4], []),
};

function slotMember(id: number, role: MemberRole = 'participant'): Member {
  return { ...member(id, role, slotAddress(id)), clientAddress: '0.0.0.0' };
}

function slotConfig(ids: readonly number[]): EnsembleConfig {
  return { version: CONFIG_VERSION, members: ids.map((id) => slotMember(id)) };
}

function slotEnsemble(ids: readonly number[], change: Parameters<typeof ensembleOf>[1] = {}) {
  const leader = Math.max(...ids);
  return ensembleOf(ids, { leader: { id: leader, address: slotAddress(leader) }, config: slotConfig(ids), ...change });
}

function slotDisk(id: number, change: Parameters<typeof diskOf>[1] = {}) {
  return diskOf(id, { config: slotConfig([1, 2, 3]), ...change });
}

/** These claims under record 1. */
function held(claims: readonly Claim[]) {
  return sharedOf([genesisOf([1, 2, 3])], [], { claims });
}

/** A number stands for a slot whose address is at the instance of that node. */
function pool(...slots: readonly (number | SlotFact)[]): ObservedSlots {
  const listed = slots.map((slot) => (typeof slot === 'number' ? slotOf(slot, instanceOf(slot)) : slot));
  return { kind: 'elastic-ip', listed: known(listed) };
}

function selfAt(id: number): Observation['self'] {
  return { instance: instanceOf(id), address: slotAddress(id), cluster: CLUSTER, privateAddress: addressOf(id) };
}

/** Node 1, a follower of node 3, with nothing left to do; each of the three has its slot. */
function onSlots(change: Partial<Observation>): Observation {
  return healthy({
    self: selfAt(1),
    disk: slotDisk(1, { ready: true }),
    shared: held([1, 2, 3].map((id) => slotClaimOf(id))),
    slots: pool(1, 2, 3),
    ensemble: slotEnsemble([1, 2, 3]),
    ...change,
  });
}

/** Nodes 1 to 3 have claimed their slots, and there is no record yet. */
function founding(change: Partial<Observation>): Observation {
  return beforeGenesis({
    self: selfAt(1),
    shared: known({ records: [], claims: [1, 2, 3].map((id) => slotClaimOf(id)), dead: [] }),
    silence: NO_RECORD,
    slots: {
      ...pool(1, 2, 3),
      group: [1, 2, 3].map((id) => ({ instance: instanceOf(id), state: 'running' as const, address: addressOf(id) })),
    },
    ...change,
  });
}

/** Node 4 is new. Node 1 is gone and was removed, and each of the three had its slot. */
function successor(change: Partial<Observation>): Observation {
  return onSlots({
    self: { instance: instanceOf(4), address: addressOf(4), cluster: CLUSTER, privateAddress: addressOf(4) },
    disk: EMPTY_DISK,
    server: STOPPED,
    group: groupOf([2, 3, 4]),
    lives: { ...livesOf([2, 3, 4]), ...livesOf([1], 'gone') },
    slots: pool(slotOf(1), 2, 3),
    ensemble: slotEnsemble([2, 3]),
    ...change,
  });
}

/** The group takes node 1, and there are three slots for its three nodes. */
function leavingOnSlots(change: Partial<Observation>): Observation {
  return onSlots({
    targetState: known('Terminated'),
    stack: STACK,
    group: groupIn([1, 2, 3], { 1: 'Terminating:Wait' }, { maximum: 3 }),
    ...change,
  });
}

/** Static identities: what decide does by the rules of this chapter. */
export const SLOTS: readonly Row[] = [
  row(
    'Slots 1: a joiner stands in its config by the address of its slot, and listens on all addresses',
    successor({
      self: { ...selfAt(4), address: slotAddress(1) },
      disk: newDiskOf(1),
      shared: held([slotClaimOf(1, 4, { generation: 2 })]),
      slots: pool(slotOf(1, instanceOf(4)), 2, 3),
    }),
    take(
      {
        kind: 'prepare-join',
        version: BELOW_COMMITTED,
        members: [slotMember(1, 'observer'), slotMember(2), slotMember(3)],
        id: 1,
        lineage: 1,
      },
      'An ensemble of the newest record answers; this node joins it with a fresh config.',
    ),
  ),
  row(
    'Slots 2: behind a claim without an owner the dead holder counts, and its member is removed',
    onSlots({
      self: selfAt(3),
      disk: slotDisk(3),
      server: LEADS,
      shared: held([
        slotClaimOf(1),
        { id: 1, generation: 2, owner: undefined, ageMs: 5_000 },
        slotClaimOf(2),
        slotClaimOf(3),
      ]),
      lives: { ...livesOf([2, 3]), ...livesOf([1], 'gone') },
      ensemble: slotEnsemble([1, 2, 3], { servingIds: [2, 3] }),
    }),
    take(
      { kind: 'remove-members', ids: [1], dead: [instanceOf(1)], fromVersion: CONFIG_VERSION },
      `The instances of members 1 at ${slotAddress(1)} are shutting down or gone for good; at most 1 are removed in one pass.`,
    ),
  ),
  row(
    'Slots 2: an earlier owner whose life is unknown does not count',
    onSlots({
      self: selfAt(3),
      disk: slotDisk(3),
      server: LEADS,
      shared: held([slotClaimOf(1, 8), slotClaimOf(1, 1, { generation: 2 }), slotClaimOf(2), slotClaimOf(3)]),
      lives: { ...livesOf([2, 3]), ...livesOf([1], 'gone') },
      ensemble: slotEnsemble([1, 2, 3], { servingIds: [2, 3] }),
    }),
    take(
      { kind: 'remove-members', ids: [1], dead: [instanceOf(1)], fromVersion: CONFIG_VERSION },
      `The instances of members 1 at ${slotAddress(1)} are shutting down or gone for good; at most 1 are removed in one pass.`,
    ),
  ),
  row(
    'Slots 3: a wiped node takes the slot that it holds, although no list shows it',
    onSlots({ disk: EMPTY_DISK, server: STOPPED, slots: pool(2, 3, 4) }),
    take({ kind: 'write-id', id: 1 }, 'This node owns the claim on id 1, and its disk does not say so yet.'),
  ),
  row(
    'Slots 4: the address of the own slot is attached',
    onSlots({ slots: pool(slotOf(1), 2, 3) }),
    take(
      { kind: 'attach-slot', slot: slotOf(1) },
      `This node holds slot 1, and nobody has its address ${slotAddress(1)}.`,
    ),
  ),
  row(
    'Slots 4: a server does not start while another instance has its address',
    onSlots({ server: STOPPED, slots: pool(slotOf(1, 'i-0b09'), 2, 3) }),
    wait(`The server does not start: i-0b09 has the address ${slotAddress(1)} of its slot.`),
  ),
  row(
    'Slots 4: while EC2 does not answer, a node that has voted starts',
    onSlots({ server: STOPPED, slots: { kind: 'elastic-ip', listed: unknown('EC2 timed out') } }),
    take({ kind: 'start-server' }, 'The config on this disk holds this node, so its server starts from it.'),
  ),
  row(
    'Slots 4: while EC2 does not answer, a node that never voted does not start',
    onSlots({
      disk: slotDisk(1, { ready: false }),
      server: STOPPED,
      slots: { kind: 'elastic-ip', listed: unknown('EC2 timed out') },
    }),
    wait('The server does not start: where the address of its slot is can not be told.'),
  ),
  row(
    'Slots 5: the first ensemble waits for the address of each member',
    founding({ slots: pool(1, 2, slotOf(3)) }),
    wait(
      `The first ensemble waits for the address ${slotAddress(3)} of slot 3: EC2 does not show it at ${instanceOf(3)} yet.`,
      undefined,
      // Its machine may be lost since its claim (elastic-ip, seed 90004808).
      [start(3), lookAtLog(3), terminate(3)],
    ),
  ),
  row(
    'Slots 5: with all addresses in place the first ensemble is founded',
    founding({}),
    take(
      {
        kind: 'create-genesis',
        record: genesisOf([1, 2, 3], {
          members: [1, 2, 3].map((id) => recordMember(id, { address: slotAddress(id) })),
        }),
      },
      'All 3 desired nodes have claimed an id: the first ensemble is 1, 2, 3.',
    ),
  ),
  row(
    'Slots 5: while the slots are unknown nothing is founded',
    founding({ slots: { kind: 'elastic-ip', listed: unknown('EC2 timed out') } }),
    wait("No first ensemble is founded while the slots can't be listed: EC2 timed out"),
  ),
  row(
    'Slots 6: a slot whose newest claim has another address is nobody’s to take',
    successor({ slots: pool({ ...slotOf(1), address: '198.51.100.77' }, 2, 3) }),
    wait(
      `No slot is free: slot 1 at 198.51.100.77 was claimed by ${instanceOf(1)} at ${slotAddress(1)}; slot 2 at ${slotAddress(2)} belongs to ${instanceOf(2)}; slot 3 at ${slotAddress(3)} belongs to ${instanceOf(3)}.`,
      undefined,
      LOOK_AT_CLAIMS,
    ),
  ),
  row(
    'Slots 6: of two slots with one id none is taken',
    successor({ slots: pool(slotOf(1), { ...slotOf(1), allocation: 'eipalloc-7' }, 2, 3) }),
    wait(
      `No slot is free: slot 1 at ${slotAddress(1)} has its id twice by the tags; slot 1 at ${slotAddress(1)} has its id twice by the tags; slot 2 at ${slotAddress(2)} belongs to ${instanceOf(2)}; slot 3 at ${slotAddress(3)} belongs to ${instanceOf(3)}.`,
      undefined,
      LOOK_AT_CLAIMS,
    ),
  ),
  row(
    'Slots 6: while the slots are unknown no id is claimed',
    successor({ slots: { kind: 'elastic-ip', listed: unknown('EC2 timed out') } }),
    wait('This node claims no id yet: EC2 timed out.'),
  ),
  row(
    'Slots 7: a slot that this node does not go by is given back',
    onSlots({
      shared: held([1, 2, 3].map((id) => slotClaimOf(id)).concat(slotClaimOf(4, 1))),
      slots: pool(1, 2, 3, slotOf(4)),
    }),
    take(
      { kind: 'release-id', id: 4, generation: 2 },
      'This node goes by slot 1, and gives slot 4 back for another node.',
    ),
  ),
  row(
    'Slots 7: a slot that was given back is free',
    successor({
      shared: held([
        slotClaimOf(1),
        slotClaimOf(2),
        slotClaimOf(3),
        slotClaimOf(4, 2),
        { id: 4, generation: 2, owner: 'released', ageMs: 5_000 },
      ]),
      lives: livesOf([1, 2, 3, 4]),
      slots: pool(1, 2, 3, slotOf(4)),
      ensemble: slotEnsemble([1, 2, 3]),
    }),
    take(
      { kind: 'claim-id', id: 4, generation: 3, slot: slotAddress(4) },
      'This node has no id yet, and 4 is the lowest free one.',
    ),
  ),
  row(
    'Elastic IP 1: the first ids follow the private addresses as numbers',
    founding({
      self: { ...selfAt(2), address: '10.0.0.9', privateAddress: '10.0.0.9' },
      disk: EMPTY_DISK,
      shared: known({ records: [], claims: [], dead: [] }),
      slots: {
        ...pool(slotOf(1), slotOf(2), slotOf(3)),
        group: [
          { instance: instanceOf(1), state: 'running', address: '10.0.0.10' },
          { instance: instanceOf(2), state: 'running', address: '10.0.0.9' },
          { instance: instanceOf(3), state: 'running', address: '10.0.0.100' },
        ],
      },
    }),
    take(
      { kind: 'claim-id', id: 1, generation: 1, slot: slotAddress(1) },
      'This node has no id yet, and 1 is the lowest free one.',
    ),
  ),
  row(
    'Elastic IP 1: before as many are seen as desired no first id is claimed',
    founding({
      disk: EMPTY_DISK,
      shared: known({ records: [], claims: [], dead: [] }),
      slots: {
        ...pool(slotOf(1), slotOf(2), slotOf(3)),
        group: [{ instance: instanceOf(1), state: 'running', address: addressOf(1) }],
      },
    }),
    wait('This node claims no id yet: EC2 shows the addresses of 1 of the 3 nodes that the group desires.'),
  ),
  row(
    'Elastic IP 2: beside an ensemble a slot that it lists is not free',
    successor({ ensemble: slotEnsemble([1, 2, 3], { servingIds: [2, 3] }) }),
    wait(
      `No slot is free: slot 1 at ${slotAddress(1)} is left by ${instanceOf(1)}, and the config still lists it; slot 2 at ${slotAddress(2)} belongs to ${instanceOf(2)}; slot 3 at ${slotAddress(3)} belongs to ${instanceOf(3)}.`,
      undefined,
      LOOK_AT_CLAIMS,
    ),
  ),
  row(
    'Elastic IP 2: once the member is removed its slot is free',
    successor({}),
    take(
      { kind: 'claim-id', id: 1, generation: 2, slot: slotAddress(1) },
      'This node has no id yet, and 1 is the lowest free one.',
    ),
  ),
  row(
    'Elastic IP 3: while none answers the slot of the dead is taken, listed or not',
    successor({ ensemble: undefined, silence: silenceOf([2, 3, 4], []) }),
    take(
      { kind: 'claim-id', id: 1, generation: 2, slot: slotAddress(1) },
      'This node has no id yet, and 1 is the lowest free one.',
    ),
  ),
  row(
    'Elastic IP 4: without a free slot a node leaves beside all others',
    leavingOnSlots({}),
    take(
      { kind: 'remove-self', id: 1, fromVersion: CONFIG_VERSION },
      'This node leaves: member 1 is removed, the rest keeps its quorum.',
    ),
  ),
  row(
    'Elastic IP 4: without a free slot it waits until all others serve',
    leavingOnSlots({ group: groupIn([1, 2, 3], { 1: 'Terminating:Wait' }, { desired: 4, maximum: 4 }) }),
    wait(
      'This node is to leave, but only 2 of the 3 other voters that the group is for serve, and a replacement needs a place that is free.',
    ),
  ),
  row(
    'Elastic IP 4: with a free slot a node waits for its replacement',
    leavingOnSlots({ slots: pool(1, 2, 3, slotOf(4)), group: groupIn([1, 2, 3], { 1: 'Terminating:Wait' }) }),
    wait(
      'This node is to leave, but only 2 voters would stay of the 3 that the group is for, and a replacement is on its way.',
    ),
  ),
  row(
    'Elastic IP 5: a leaving node with nothing to recover from goes where its slot is needed',
    leavingOnSlots({
      ...NOTHING_COMMITTED,
      lives: { ...livesOf([1, 4]), ...livesOf([2, 3], 'gone') },
      group: groupIn([1, 4], { 1: 'Terminating:Wait' }),
    }),
    take(
      { kind: 'complete-leaving', group: 'orders-4f1c2a90-group', hook: 'terminate' },
      `The server of ${instanceOf(1)} is stopped, so its instance may be terminated.`,
    ),
  ),
  row(
    'Elastic IP 5: it stays where enough slots are left without its own',
    leavingOnSlots({
      ...NOTHING_COMMITTED,
      lives: { ...livesOf([1, 4]), ...livesOf([2, 3], 'gone') },
      group: groupIn([1, 4], { 1: 'Terminating:Wait' }, { desired: 2 }),
    }),
    take({ kind: 'start-server' }, 'The server does not run; it restarts from the config that it wrote last.'),
  ),
  row(
    'Elastic IP 6: a node that is added listens on all addresses',
    successor({
      self: { ...selfAt(4), address: slotAddress(1) },
      disk: slotDisk(1, {
        ready: false,
        config: { version: BELOW_COMMITTED, members: [slotMember(1, 'observer'), slotMember(2), slotMember(3)] },
      }),
      server: LEADS,
      shared: held([slotClaimOf(1, 4, { generation: 2 })]),
      slots: pool(slotOf(1, instanceOf(4)), 2, 3),
    }),
    take(
      { kind: 'add-self', member: slotMember(1), leaving: [], dead: [], fromVersion: CONFIG_VERSION },
      'The server of this node has caught up (0000000100000042), so it is added as member 1.',
    ),
  ),
];
