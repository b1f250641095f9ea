// SPDX-License-Identifier: Apache-2.0
/**
 * Situations in which a list or a filter matters: whoever took what it does not show for a fact would take an id, a
 * member, data or a history away.
 */
import type { NameZone } from '../../src/model/names.ts';
import type { Command } from '../../src/model/observation.ts';
import type { Binding } from '../../src/model/records.ts';
import { toZxid } from '../../src/model/zxid.ts';
import { MemoryNode } from '../act/memory-node.ts';
import {
  addressOf,
  configOf,
  dataOf,
  diskOf,
  EMPTY_DISK,
  forcedOf,
  genesisOf,
  groupFact,
  instanceOf,
  recordMember,
  reportOf,
  slotAddress,
  slotOf,
} from '../decide/parts.ts';

const LEADS = { kind: 'serving', mode: 'leader', zxid: toZxid(0x100000042n) } as const;
const FOLLOWS = { ...LEADS, mode: 'follower' } as const;
const HOURS_MS = 3 * 3_600_000;

/** Node `self` of members 1, 2 and 3, which all serve under 3, with claims and a record of some hours ago. */
export function cluster(self: number, leader = 3): MemoryNode {
  const node = new MemoryNode(self);
  node.disk = diskOf(self);
  node.running = true;
  for (const id of [1, 2, 3]) {
    node.answers.set(addressOf(id), id === leader ? LEADS : FOLLOWS);
    node.configs.set(addressOf(id), configOf([1, 2, 3]));
    claimed(node, id, 1, instanceOf(id));
  }
  node.shelf.put('lineage/000001.json', genesisOf([1, 2, 3]));
  return node;
}

export function claimed(
  node: MemoryNode,
  id: number,
  generation: number,
  instance: string,
  address = addressOf(id),
): void {
  node.shelf.streams.set(`${id}.${generation}`, HOURS_MS);
  node.shelf.put(`claims/${id}.${generation}.json`, { instance, address });
  node.shelf.agesMs.set(`claims/${id}.${generation}.json`, HOURS_MS);
}

export function silence(node: MemoryNode): MemoryNode {
  node.answers.clear();
  node.configs.clear();
  node.running = false;
  return node;
}

/**
 * Fenced node 1, whose peers 2 and 3 are gone. `silent` lives, is claimed, tagged and in the group, and says nothing.
 */
export function survivor(silent?: number): MemoryNode {
  const node = silence(cluster(1));
  node.disk = diskOf(1, { fence: { record: 1 }, reported: true });
  const { report, serial } = reportOf(1, { fenced: true });
  node.shelf.put(`reports/${instanceOf(1)}.json`, { serial, report });
  for (const id of [2, 3]) node.shelf.put(`dead/${instanceOf(id)}`, {});
  const living = [1, ...(silent === undefined ? [] : [silent])];
  node.instances = living.map((id) => ({ instance: instanceOf(id), state: 'running' }));
  node.group = groupFact(living);
  if (silent !== undefined) claimed(node, silent, 1, instanceOf(silent));
  return node;
}

/** An empty node 4, which boots. */
function newcomer(node: MemoryNode): MemoryNode {
  node.disk = EMPTY_DISK;
  node.running = false;
  node.instances = [...node.instances, { instance: instanceOf(4), state: 'running' }];
  node.group = groupFact([1, 2, 3, 4]);
  return node;
}

/** Node 1, which its group terminates and whose hook waits; the others of the group are in service, or as said. */
function leaving(states: Readonly<Record<number, string>>): MemoryNode {
  const node = cluster(1);
  const lifecycleStates: Readonly<Record<number, string>> = { 1: 'Terminating:Wait', ...states };
  const instances = [1, 2, 3, ...Object.keys(states).map(Number)].map((id) => ({
    instance: instanceOf(id),
    lifecycleState: lifecycleStates[id] ?? 'InService',
  }));
  node.group = groupFact([], { instances });
  node.targetState = 'Terminated';
  // Long enough for the agent to ask how long the hook can last.
  node.state = { lifecycleState: 'Terminating:Wait', sinceMs: 1_700_000_000_000 - HOURS_MS };
  return node;
}

/** Node 1 of five is fenced beside node 2, and is bound; 3, 4 and 5 are gone. Node 2 is bound too, if so given. */
function boundSurvivors(own: Binding, other: Binding | undefined): MemoryNode {
  const config = configOf([1, 2, 3, 4, 5]);
  const node = survivor(2);
  node.shelf.objectsByKey.delete(`dead/${instanceOf(2)}`);
  for (const id of [3, 4, 5]) {
    claimed(node, id, 1, instanceOf(id));
    node.shelf.put(`dead/${instanceOf(id)}`, {});
  }
  node.shelf.put('lineage/000001.json', genesisOf([1, 2, 3, 4, 5]));
  const proposer = own.kind === 'proposes' ? 1 : 2;
  const dataBy = (id: number) => dataOf(1, toZxid(id === proposer ? 0x100000050n : 0x100000042n));
  node.disk = { ...node.disk, config, data: dataBy(1) };
  for (const [id, binds] of [[1, own] as const, [2, other] as const]) {
    const { report } = reportOf(id, { fenced: true, config, data: dataBy(id) });
    const bound = binds === undefined ? { serial: `s${id}` } : { serial: `b${id}`, facts: `s${id}`, binds };
    node.shelf.put(`reports/${instanceOf(id)}.json`, { format: 2, ...bound, report });
  }
  return node;
}

function recordOf(owner: number) {
  return forcedOf(recordMember(owner), { fenced: [1, 2].map(instanceOf), epochFloor: 65_537 });
}

function proposes(owner: number, other: number): Binding {
  return { kind: 'proposes', record: recordOf(owner), relied: { [instanceOf(other)]: `s${other}` } };
}

function answers(proposer: number): Binding {
  return { kind: 'answers', record: 2, proposer: instanceOf(proposer), proposal: `b${proposer}` };
}

/** Node 1 has answered node 2, whose proposal is founded; the record that follows is not written yet. */
function founded(): MemoryNode {
  const node = boundSurvivors(answers(2), proposes(2, 1));
  node.shelf.put('lineage/000002/outcomes/b2.json', {
    format: 1,
    kind: 'founded',
    proposal: 'b2',
    record: recordOf(2),
  });
  return node;
}

/** Of the voters 1, 2 and 9, which a person added, 2 is gone for good, and a person said the same of 9. */
function declaredGone(): MemoryNode {
  const node = silence(cluster(1));
  node.running = true;
  node.answers.set(addressOf(1), { kind: 'not-serving' });
  node.shelf.objectsByKey.delete('claims/3.1.json');
  node.shelf.streams.delete('3.1');
  node.shelf.put('lineage/000001.json', genesisOf([1, 2]));
  const config = configOf([1, 2, 9]);
  node.disk = diskOf(1, { config, reported: true });
  const { report, serial } = reportOf(1, { config });
  node.shelf.put(`reports/${instanceOf(1)}.json`, { serial, report });
  node.shelf.put(`dead/${instanceOf(2)}`, {});
  node.instances = [{ instance: instanceOf(1), state: 'running' }];
  node.group = groupFact([1]);
  const word = { record: 1, id: 9, address: addressOf(9), epoch: 1, left: [instanceOf(1)] };
  node.shelf.put(`lineage/000001/gone/9-at-${addressOf(9)}-n.json`, word);
  return node;
}

/** An empty node 4 of static identities; the slots 1 to 3 are held, and 4 is free. */
function newcomerOnSlots(): MemoryNode {
  const node = newcomer(cluster(4));
  for (const id of [1, 2, 3]) {
    const owner = { instance: instanceOf(id), address: slotAddress(id), slot: true };
    node.shelf.put(`claims/${id}.1.json`, owner);
    node.answers.set(slotAddress(id), id === 3 ? LEADS : FOLLOWS);
  }
  const slots = [1, 2, 3, 4].map((id) => slotOf(id, id === 4 ? undefined : instanceOf(id)));
  const { slots: usual } = node.standsOnSlots().ports;
  if (usual) node.ports = { ...node.ports, slots: { ...usual, list: async () => slots } };
  return node;
}

export interface Situation {
  readonly title: string;
  readonly node: () => MemoryNode;
  readonly command?: Command;
  readonly zone?: NameZone;
  /** What must not be done, whatever is empty: entries of the node's journal. */
  readonly never: RegExp;
  /** What is done when nothing is empty: without it the situation would prove nothing. */
  readonly usually?: RegExp;
  /** By list: what is not done, either, while that one is empty. */
  readonly waitsWithout?: Readonly<Record<string, RegExp>>;
}

/** Ids, members, data and histories. */
export const TAKES_AWAY =
  /^(create claims|create lineage|reconfig|disk (id|marker|aside|stamp|config)|server stop|complete )/;
const FORCES = /^create lineage\/000002\.json/;
const LETS_GO = /^(disk (unfence|aside|stamp|config)|server start|create lineage\/000002\.json)/;
const LEAVES = /^(reconfig|server stop|complete )/;
const REMOVES_2 = /^reconfig .*"leaving":\[2\]/;

const BESIDE_AN_ENSEMBLE: readonly Situation[] = [
  { title: 'a follower that serves and looks at everything', node: () => cluster(1), never: TAKES_AWAY },
  {
    title: 'a leader whose member 2 lives at the address of a dead predecessor',
    node: () => {
      const node = cluster(3);
      claimed(node, 2, 1, 'i-0dead');
      claimed(node, 2, 2, instanceOf(2));
      node.shelf.put('dead/i-0dead', {});
      return node;
    },
    never: TAKES_AWAY,
  },
  {
    title: 'a leader whose member 2 is dead',
    node: () => {
      const node = cluster(3);
      node.instances = node.instances.map((fact) =>
        fact.instance === instanceOf(2) ? { ...fact, state: 'terminated' } : fact,
      );
      node.answers.delete(addressOf(2));
      return node;
    },
    never: /^(create claims|create lineage|disk (id|marker|aside|stamp|config)|server stop)/,
    usually: REMOVES_2,
    waitsWithout: { instances: REMOVES_2, 'own group': REMOVES_2, group: REMOVES_2 },
  },
  {
    title: 'a leader whose member 2 was forgotten by EC2',
    node: () => {
      const node = cluster(3);
      node.instances = node.instances.filter(({ instance }) => instance !== instanceOf(2));
      node.answers.delete(addressOf(2));
      return node;
    },
    never: /^(create claims|create lineage|disk (id|marker|aside|stamp|config)|server stop)/,
    usually: REMOVES_2,
    waitsWithout: { 'one instance': REMOVES_2 },
  },
  {
    title: 'a newcomer beside the ensemble',
    node: () => newcomer(cluster(4)),
    command: 'bootstrap',
    never: /^(create lineage\/00000[2-9]|disk (id [123]$|marker)|reconfig .*"leaving":\[\d)/,
    usually: /^disk id 4/,
  },
  {
    title: 'a newcomer beside the ensemble, and beside another newcomer that has claimed id 4',
    node: () => {
      const node = newcomer(cluster(5));
      claimed(node, 4, 1, instanceOf(4));
      node.group = groupFact([1, 2, 3, 4, 5]);
      node.instances = [...node.instances, { instance: instanceOf(5), state: 'running' }];
      return node;
    },
    command: 'bootstrap',
    never: /^(create lineage\/00000[2-9]|disk (id [1-4]$|marker)|reconfig .*"leaving":\[\d)/,
    usually: /^disk id 5/,
  },
  {
    title: 'a newcomer beside the ensemble, whose ids have addresses of their own',
    node: newcomerOnSlots,
    command: 'bootstrap',
    never: /^(stream [1-3]\.|create lineage\/00000[2-9]|disk (id [123]$|marker)|reconfig .*"leaving":\[\d)/,
    usually: /^stream 4\.1/,
    waitsWithout: { slots: /^(stream \d|attach|server start)/ },
  },
  {
    title: 'a fenced node beside an ensemble that serves again',
    node: () => {
      const node = cluster(1);
      node.running = false;
      node.answers.delete(addressOf(1));
      node.disk = diskOf(1, { fence: { record: 1 } });
      return node;
    },
    never: /^(create lineage|create claims|disk (id|marker|aside|stamp)|reconfig)/,
    usually: /^disk unfence/,
    waitsWithout: { objects: LETS_GO },
  },
];

const IN_A_HOOK: readonly Situation[] = [
  {
    title: 'a leaving voter in its hook for hours, while the rest would have no quorum',
    node: () => {
      const node = leaving({});
      node.answers.delete(addressOf(2));
      return node;
    },
    never: LEAVES,
    // It asks how long the hook can last, and hears of no end.
    usually: /^heartbeat /,
  },
  {
    title: 'a leaving voter whose replacement is on its way',
    node: () => leaving({ 4: 'Pending' }),
    never: /^(create claims|create lineage|disk (id|marker|aside|stamp|config)|complete .* of i-0a0[234])/,
    usually: /^heartbeat /,
    waitsWithout: { "group's instances": LEAVES, instances: LEAVES, hooks: LEAVES, streams: LEAVES, claims: LEAVES },
  },
  {
    title: 'a voter beside an instance that is gone, and that its hook holds',
    node: () => {
      const node = cluster(1);
      node.group = groupFact([1, 2, 3], {
        instances: [
          ...node.group.instances,
          { instance: instanceOf(4), lifecycleState: 'Terminating:Wait' },
          { instance: instanceOf(5), lifecycleState: 'Terminating:Wait' },
        ],
      });
      claimed(node, 4, 1, instanceOf(4));
      node.instances = [
        ...node.instances,
        { instance: instanceOf(4), state: 'terminated' },
        { instance: instanceOf(5), state: 'running' },
      ];
      return node;
    },
    never: /^(create claims|create lineage|reconfig|disk (id|marker|aside|stamp|config)|complete .* of i-0a0[1235])/,
    usually: /^complete .* of i-0a04/,
    waitsWithout: { instances: /^complete/, 'one instance': /^complete/, "group's instances": /^complete/ },
  },
];

const WITHOUT_AN_ENSEMBLE: readonly Situation[] = [
  {
    title: 'a member that rebooted, while the others are silent',
    node: () => silence(cluster(1)),
    never: /^(create claims|create lineage|reconfig|disk (id|marker|aside|stamp|config))/,
    usually: /^server start/,
  },
  {
    title: 'a newcomer while the ensemble is silent',
    node: () => newcomer(silence(cluster(4))),
    command: 'bootstrap',
    never: /^(disk (id [123]$|marker)|server start)/,
    usually: /^disk id 4/,
  },
  {
    title: 'a survivor whose majority is lost, beside an instance that has not been heard',
    node: () => survivor(4),
    never: /^(create lineage|create claims|disk (id|marker|aside|stamp|config|unfence)|server start)/,
  },
  {
    title: 'a survivor that has heard everybody',
    node: () => survivor(),
    never: /^(create claims|create lineage\/00000[3-9]|disk (id|marker))/,
    usually: FORCES,
    waitsWithout: { 'own group': FORCES, group: FORCES, objects: FORCES },
  },
  {
    title: 'a node that has proposed a record, which nobody has answered yet',
    node: () => boundSurvivors(proposes(1, 2), undefined),
    never:
      /^(create claims|create lineage\/000002(\.json|.*founded)|disk (id|marker|aside|stamp|config|unfence)|server start)/,
  },
  {
    title: 'a node that has proposed a record, which all have answered',
    node: () => boundSurvivors(proposes(1, 2), answers(1)),
    never: /^(create claims|create lineage\/00000[3-9]|disk (id|marker))/,
    usually: /^create lineage\/000002\.json/,
    waitsWithout: { reports: FORCES, objects: FORCES, group: FORCES, 'own group': FORCES },
  },
  {
    title: 'a node that has answered a proposal, which is not settled yet',
    node: () => boundSurvivors(answers(2), proposes(2, 1)),
    never: LETS_GO,
  },
  {
    title: 'a node that has answered a proposal, which is founded',
    node: founded,
    never: /^(create claims|create lineage\/00000[3-9]|disk (id|marker|aside|unfence)|server start)/,
    usually: /^create lineage\/000002\.json/,
    waitsWithout: { outcomes: LETS_GO },
  },
  {
    title: 'a node beside a voter that a person has declared gone',
    node: declaredGone,
    never: /^(create claims|create lineage\/00000[3-9]|disk (id|marker))/,
    usually: /^disk fence 1/,
    waitsWithout: { words: /^disk fence/, objects: /^disk fence/ },
  },
];

export const SITUATIONS: readonly Situation[] = [...BESIDE_AN_ENSEMBLE, ...IN_A_HOOK, ...WITHOUT_AN_ENSEMBLE];
