// SPDX-License-Identifier: Apache-2.0
/** One situation for every kind of step in which it can be taken: a kind without one does not compile. */

import { wantedRecords } from '../../src/model/names.ts';
import type { Step, StepKind } from '../../src/model/step.ts';
import { toZxid } from '../../src/model/zxid.ts';
import {
  addressOf,
  BELOW_COMMITTED,
  CLUSTER,
  CONFIG_VERSION,
  claimOf,
  configOf,
  dataOf,
  diskOf,
  EMPTY_DISK,
  forcedOf,
  genesisOf,
  groupFact,
  instanceOf,
  member,
  newDiskOf,
  recordMember,
  reportOf,
  slotOf,
} from '../decide/parts.ts';
import { MemoryNode } from './memory-node.ts';

export interface Scene {
  readonly step: Step;
  readonly node: MemoryNode;
}

type Scenes = { readonly [K in StepKind]: () => { step: Extract<Step, { kind: K }>; node: MemoryNode } };

function voter(): MemoryNode {
  const node = new MemoryNode();
  node.disk = diskOf(1);
  node.running = true;
  node.answers.set(addressOf(1), { kind: 'serving', mode: 'follower', zxid: toZxid(0x100000042n) });
  node.configs.set(addressOf(1), configOf([1, 2, 3]));
  node.shelf.put('lineage/000001.json', genesisOf([1, 2, 3]));
  for (const id of [1, 2, 3]) {
    node.shelf.streams.set(`${id}.1`, 3_600_000);
    node.shelf.put(`claims/${id}.1.json`, claimOf(id).owner);
  }
  return node;
}

/** Node 1 holds slot 1, and nobody has its address yet. */
function slotHolder(): MemoryNode {
  const node = voter().standsOnSlots();
  node.shelf.put('claims/1.1.json', { instance: instanceOf(1), address: slotOf(1).address, slot: true });
  return node;
}

const ZONE = { domain: 'orders.internal.', places: 3 };

function wantedOf(place: number, generation: number) {
  const owner = { instance: instanceOf(1), address: addressOf(1) };
  return wantedRecords(ZONE, { place, generation, owner }, addressOf(1));
}

function fenced(): MemoryNode {
  const node = voter();
  node.running = false;
  node.answers.clear();
  node.disk = diskOf(1, { fence: { record: 1 }, reported: true });
  node.shelf.put(`reports/${instanceOf(1)}.json`, { serial: 's1', report: reportOf(1, { fenced: true }).report });
  return node;
}

export function forcedOwner(source = { lineage: 1 } as { lineage: number; aside?: string }): Scene {
  const record = forcedOf(recordMember(1), { fenced: [1, 2, 3].map(instanceOf), epochFloor: 5, source });
  const node = fenced();
  node.shelf.put('lineage/000002.json', record);
  node.shelf.put(`reports/${instanceOf(2)}.json`, { serial: 's2', report: reportOf(2, { fenced: true }).report });
  return { step: { kind: 'found-forced', record, gone: [instanceOf(3)] }, node };
}

export const SCENES: Scenes = {
  'claim-id': () => ({ step: { kind: 'claim-id', id: 4, generation: 1 }, node: voter() }),
  'attach-slot': () => {
    const node = slotHolder();
    return { step: { kind: 'attach-slot', slot: slotOf(1) }, node };
  },
  'release-id': () => {
    const node = slotHolder();
    node.shelf.put('claims/2.2.json', { instance: instanceOf(1), address: slotOf(2).address, slot: true });
    return { step: { kind: 'release-id', id: 2, generation: 3 }, node };
  },
  'void-claim': () => {
    const node = voter();
    node.shelf.streams.set('4.1', 1_000_000);
    return { step: { kind: 'void-claim', id: 4, generation: 1 }, node };
  },
  'restore-stream': () => ({ step: { kind: 'restore-stream', id: 1, generation: 1 }, node: voter() }),
  'write-id': () => ({ step: { kind: 'write-id', id: 1 }, node: new MemoryNode() }),
  'note-dead': () => ({ step: { kind: 'note-dead', instances: [instanceOf(2), instanceOf(3)] }, node: voter() }),
  'create-genesis': () => ({ step: { kind: 'create-genesis', record: genesisOf([1, 2, 3]) }, node: new MemoryNode() }),
  'prepare-genesis': () => {
    const node = new MemoryNode();
    node.disk = { ...EMPTY_DISK, id: 1 };
    const record = genesisOf([1, 2, 3], { epochFloor: 2 });
    return { step: { kind: 'prepare-genesis', record, member: recordMember(1) }, node };
  },
  'set-data-aside': () => ({ step: { kind: 'set-data-aside', name: 'lineage-1-before-2' }, node: fenced() }),
  'prepare-join': () => {
    const node = voter();
    node.answers.set(addressOf(1), { kind: 'not-serving' });
    node.disk = { ...EMPTY_DISK, id: 1 };
    return {
      step: {
        kind: 'prepare-join',
        version: BELOW_COMMITTED,
        members: [member(1, 'observer'), member(2), member(3)],
        id: 1,
        lineage: 1,
      },
      node,
    };
  },
  'mend-files': () => {
    const node = voter();
    const { id, stamp, config, ...left } = node.disk;
    node.disk = left;
    return { step: { kind: 'mend-files', id: 1, lineage: 1, config: configOf([1, 2, 3]) }, node };
  },
  'note-failed-start': () => {
    const node = voter();
    node.running = false;
    const data = dataOf(1, toZxid(0x100000042n));
    node.disk = diskOf(1, { data });
    return { step: { kind: 'note-failed-start', why: 'It ended with 1', data }, node };
  },
  'start-server': () => {
    const node = voter();
    node.running = false;
    return { step: { kind: 'start-server' }, node };
  },
  'stop-server': () => ({ step: { kind: 'stop-server' }, node: voter() }),
  'remove-members': () => ({
    step: { kind: 'remove-members', ids: [3], dead: [instanceOf(3)], fromVersion: CONFIG_VERSION },
    node: voter(),
  }),
  'add-self': () => {
    const node = voter();
    node.configs.set(addressOf(1), configOf([2, 3]));
    return { step: { kind: 'add-self', member: member(1), leaving: [], dead: [], fromVersion: CONFIG_VERSION }, node };
  },
  'mark-ready': () => {
    const node = voter();
    node.disk = diskOf(1, { ready: false });
    return { step: { kind: 'mark-ready', id: 1 }, node };
  },
  'claim-place': () => ({
    step: { kind: 'claim-place', place: 1, generation: 1, fromVersion: CONFIG_VERSION },
    node: voter(),
  }),
  // The records are right already: only so can the very step be done twice. Others are seen anew before.
  'write-name': () => {
    const node = voter();
    const wanted = wantedOf(1, 1);
    node.names.replace([], wanted);
    return { step: { kind: 'write-name', place: 1, generation: 1, there: wanted, wanted }, node };
  },
  'remove-names': () => {
    const node = voter();
    node.names.replace([], wantedOf(4, 1));
    return { step: { kind: 'remove-names', there: wantedOf(4, 1) }, node };
  },
  'vouch-config': () => ({ step: { kind: 'vouch-config', version: CONFIG_VERSION, members: 3 }, node: voter() }),
  'write-report': () => ({ step: { kind: 'write-report', report: reportOf(1).report }, node: voter() }),
  'withdraw-report': () => {
    const { disk, ...rest } = { disk: diskOf(1, { reported: true }), node: fenced() };
    rest.node.disk = disk;
    return { step: { kind: 'withdraw-report', record: 1 }, node: rest.node };
  },
  'raise-fence': () => ({ step: { kind: 'raise-fence', record: 1 }, node: voter() }),
  'lift-fence': () => ({ step: { kind: 'lift-fence', record: 1 }, node: fenced() }),
  'propose-record': () => ({
    step: { kind: 'propose-record', record: forcedOf(recordMember(1)), relied: {}, from: 's1' },
    node: fenced(),
  }),
  'answer-proposal': () => ({
    step: { kind: 'answer-proposal', number: 2, proposer: instanceOf(2), proposal: 'p2', from: 's1' },
    node: fenced(),
  }),
  'accept-record': () => ({
    step: { kind: 'accept-record', proposal: 'p1', record: forcedOf(recordMember(1)), unasked: {} },
    node: fenced(),
  }),
  'write-record': () => ({ step: { kind: 'write-record', record: forcedOf(recordMember(2)) }, node: fenced() }),
  'keep-source': () => ({ step: { kind: 'keep-source', record: 2 }, node: fenced() }),
  'found-forced': () => forcedOwner() as ReturnType<Scenes['found-forced']>,
  'mark-left': () => ({ step: { kind: 'mark-left' }, node: voter() }),
  'unmark-left': () => {
    const node = voter();
    node.disk = diskOf(1, { left: true });
    return { step: { kind: 'unmark-left' }, node };
  },
  'remove-self': () => {
    const node = voter();
    for (const id of [2, 3]) {
      node.answers.set(addressOf(id), { kind: 'serving', mode: 'follower', zxid: toZxid(0x100000042n) });
    }
    return { step: { kind: 'remove-self', id: 1, fromVersion: CONFIG_VERSION }, node };
  },
  'stop-removed': () => {
    const node = voter();
    node.configs.set(addressOf(1), configOf([2, 3]));
    return { step: { kind: 'stop-removed', id: 1 }, node };
  },
  'complete-launch': () => ({
    step: { kind: 'complete-launch', group: 'orders-group', hook: 'launch', id: 1 },
    node: voter(),
  }),
  'signal-success': () => ({ step: { kind: 'signal-success', id: 1 }, node: voter() }),
  'unmark-abandoned': () => {
    const node = voter();
    node.disk = diskOf(1, { abandoned: true });
    return { step: { kind: 'unmark-abandoned' }, node };
  },
  'give-up-launch': () => {
    const node = new MemoryNode();
    node.group = groupFact([2, 3]);
    node.group = {
      ...node.group,
      instances: [...node.group.instances, { instance: instanceOf(1), lifecycleState: 'Pending:Wait' }],
    };
    const step = { kind: 'give-up-launch', group: node.group.name, hook: 'launch', signals: true, record: 0 } as const;
    return { step, node };
  },
  'complete-leaving': () => {
    const node = voter();
    node.running = false;
    return { step: { kind: 'complete-leaving', group: 'orders-group', hook: 'terminate' }, node };
  },
  'complete-hooks-of-the-gone': () => {
    const instances = [instanceOf(4), instanceOf(5)];
    return {
      step: { kind: 'complete-hooks-of-the-gone', group: 'orders-group', hook: 'terminate', instances },
      node: voter(),
    };
  },
};

/** A founding from data set aside, beside other data that the node has meanwhile. */
export function foundingFromAside(): Scene {
  const scene = forcedOwner({ lineage: 1, aside: 'kept' });
  const kept = { name: 'kept', lineage: 1, data: dataOf(3, toZxid(0x300000009n)) };
  scene.node.disk = diskOf(1, {
    fence: { record: 1 },
    reported: true,
    stamp: { cluster: CLUSTER, lineage: 1, id: 1 },
    data: dataOf(1, toZxid(0x100000001n)),
    aside: [kept],
  });
  return scene;
}

/** Between the preparation of a first start and that start, somebody deleted `version-2`. */
export function firstStartWithoutItsFloor(): Scene {
  const node = voter();
  node.running = false;
  node.disk = newDiskOf(1, { stamp: { cluster: CLUSTER, lineage: 2, id: 1 }, marker: true });
  return { step: { kind: 'start-server', epochFloor: 4 }, node };
}
