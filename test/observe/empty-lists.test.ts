// SPDX-License-Identifier: Apache-2.0
/**
 * docs/protocol.md, "Lists and filters": every list and filter that is called, emptied, while the real loop runs in
 * situations in which it matters. Absence may make a node wait; it never takes an id, a member, data or a history away.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runAgent } from '../../src/loop.ts';
import type { Command } from '../../src/model/observation.ts';
import { toZxid } from '../../src/model/zxid.ts';
import type { Ports } from '../../src/ports.ts';
import { PRODUCTION_TIMINGS } from '../../src/timings.ts';
import { MemoryNode } from '../act/memory-node.ts';
import {
  addressOf,
  CLUSTER,
  configOf,
  diskOf,
  EMPTY_DISK,
  genesisOf,
  groupFact,
  instanceOf,
  reportOf,
} from '../decide/parts.ts';

const never = new AbortController().signal;
const LEADS = { kind: 'serving', mode: 'leader', zxid: toZxid(0x100000042n) } as const;
const FOLLOWS = { ...LEADS, mode: 'follower' } as const;
const HOURS_MS = 3 * 3_600_000;

type Emptied = (ports: Ports) => Ports;

/** No listing of the bucket shows keys that begin like this. */
function unlisted(beginning: string, ...asked: readonly string[]): Emptied {
  return ({ objects, ...ports }) => ({
    ...ports,
    objects: {
      ...objects,
      list: async (prefix, signal) => {
        const listed = await objects.list(prefix, signal);
        const hides = asked.length === 0 || asked.includes(prefix);
        return hides ? listed.filter(({ key }) => !key.startsWith(beginning)) : listed;
      },
    },
  });
}

function ec2(change: Partial<Ports['ec2']>): Emptied {
  return (ports) => ({ ...ports, ec2: { ...ports.ec2, ...change } });
}

function autoScaling(change: (group: Ports['autoScaling']) => Partial<Ports['autoScaling']>): Emptied {
  return (ports) => ({ ...ports, autoScaling: { ...ports.autoScaling, ...change(ports.autoScaling) } });
}

/** By the names in the table of docs/protocol.md. */
const LISTS: Readonly<Record<string, Emptied>> = {
  streams: (ports) => ({ ...ports, claimStreams: { ...ports.claimStreams, list: async () => [] } }),
  objects: unlisted(''),
  claims: unlisted('claims/'),
  notes: unlisted('dead/'),
  records: unlisted('lineage/', 'lineage/'),
  reports: unlisted('reports/'),
  instances: ec2({ describe: async () => [] }),
  'one instance': ec2({ describe: async () => [], isForgotten: async () => false }),
  tagged: ec2({ describeCluster: async () => [] }),
  'own group': autoScaling(() => ({ groupOf: async () => undefined })),
  group: autoScaling((group) => ({
    describe: async (name, signal) => {
      await group.describe(name, signal);
      throw new Error('There is no such group.');
    },
  })),
  "group's instances": autoScaling((group) => ({
    describe: async (name, signal) => ({ ...(await group.describe(name, signal)), instances: [] }),
  })),
  hooks: autoScaling(() => ({ hookLimitMs: async () => undefined })),
};

/** Node `self` of members 1, 2 and 3, which all serve under 3, with claims and a record of some hours ago. */
function cluster(self: number, leader = 3): MemoryNode {
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

function claimed(node: MemoryNode, id: number, generation: number, instance: string, address = addressOf(id)): void {
  node.shelf.streams.set(`${id}.${generation}`, HOURS_MS);
  node.shelf.put(`claims/${id}.${generation}.json`, { instance, address });
  node.shelf.agesMs.set(`claims/${id}.${generation}.json`, HOURS_MS);
}

function silence(node: MemoryNode): MemoryNode {
  node.answers.clear();
  node.configs.clear();
  node.running = false;
  return node;
}

interface Situation {
  readonly title: string;
  readonly node: () => MemoryNode;
  readonly command?: Command;
  /** What must not be done, whatever is empty: entries of the node's journal. */
  readonly never: RegExp;
  /** What is done when nothing is empty: without it the situation would prove nothing. */
  readonly usually?: RegExp;
}

/** Ids, members, data and histories. */
const TAKES_AWAY = /^(create claims|create lineage|reconfig|disk (id|marker|aside|stamp|config)|server stop)/;

const situations: readonly Situation[] = [
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
    usually: /^reconfig .*"leaving":\[2\]/,
  },
  {
    title: 'a member that rebooted, while the others are silent',
    node: () => silence(cluster(1)),
    never: /^(create claims|create lineage|reconfig|disk (id|marker|aside|stamp|config))/,
    usually: /^server start/,
  },
  {
    title: 'a newcomer beside the ensemble',
    node: () => {
      const node = cluster(4);
      node.disk = EMPTY_DISK;
      node.running = false;
      node.instances = [...node.instances, { instance: instanceOf(4), state: 'running' }];
      node.group = groupFact([1, 2, 3, 4]);
      return node;
    },
    command: 'bootstrap',
    never: /^(create lineage\/00000[2-9]|disk (id [123]$|marker)|reconfig .*"leaving":\[\d)/,
    usually: /^disk id 4/,
  },
  {
    title: 'a newcomer while the ensemble is silent',
    node: () => {
      const node = silence(cluster(4));
      node.disk = EMPTY_DISK;
      node.instances = [...node.instances, { instance: instanceOf(4), state: 'running' }];
      node.group = groupFact([1, 2, 3, 4]);
      return node;
    },
    command: 'bootstrap',
    never: /^(disk (id [123]$|marker)|server start)/,
    usually: /^disk id 4/,
  },
  {
    title: 'a survivor whose majority is lost, beside an instance that has not been heard',
    node: () => survivor(4),
    never: /^(create lineage|create claims|disk (id|marker|aside|stamp|config|unfence)|server start)/,
  },
];

/**
 * Fenced node 1, whose peers 2 and 3 are gone; `silent` lives, is claimed, tagged and in the group, and says nothing.
 */
function survivor(silent?: number): MemoryNode {
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

async function run(node: MemoryNode, ports: Ports, command: Command = 'recovery'): Promise<readonly string[]> {
  const order = { command, cluster: CLUSTER, timings: PRODUCTION_TIMINGS, limitMs: 60_000 };
  await runAgent(ports, order, never);
  return node.journal;
}

for (const { title, node: make, command, never: forbidden, usually } of situations) {
  test(`${title}: nothing is empty`, async () => {
    const node = make();
    const journal = await run(node, node.ports, command);
    assert.deepEqual(
      journal.filter((entry) => forbidden.test(entry)),
      [],
    );
    if (usually) {
      assert.ok(
        journal.some((entry) => usually.test(entry)),
        journal.join('\n'),
      );
    }
  });
  for (const [name, emptied] of Object.entries(LISTS)) {
    test(`${title}: ${name} is empty`, async () => {
      const node = make();
      const journal = await run(node, emptied(node.ports), command);
      assert.deepEqual(
        journal.filter((entry) => forbidden.test(entry)),
        [],
        journal.join('\n'),
      );
    });
  }
}

test('the table of the protocol names each list, and no other', () => {
  const protocol = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
  const table = protocol.slice(protocol.indexOf('### Lists and filters')).split('\n## ')[0] ?? '';
  const cells = table.split('\n').flatMap((line) => (line.startsWith('| ') ? [line.split('|').at(-2) ?? ''] : []));
  const names = new Set(cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name)));
  assert.deepEqual([...names].sort(), Object.keys(LISTS).sort());
});

test('a survivor that has heard everybody goes on: the situation above would show a recovery', async () => {
  const node = survivor();
  const journal = await run(node, node.ports);
  assert.ok(
    journal.some((entry) => /^(create|replace) lineage\/000002/.test(entry)),
    journal.join('\n'),
  );
});

test('a record that no list shows is not written over', async () => {
  const node = cluster(4);
  silence(node).disk = EMPTY_DISK;
  node.instances = [1, 2, 3, 4].map((id) => ({ instance: instanceOf(id), state: 'running' }));
  node.group = groupFact([1, 2, 3, 4]);
  const before = node.shelf.bodies()['lineage/000001.json'];
  const journal = await run(node, unlisted('')(node.ports), 'bootstrap');
  assert.deepEqual(node.shelf.bodies()['lineage/000001.json'], before);
  assert.equal(journal.filter((entry) => entry.startsWith('create lineage')).length, 1);
});

/** The list of streams is without this claim; with `both`, so is that of the objects. */
function without(name: string, lists: 'streams' | 'both', node: MemoryNode): Ports {
  const { claimStreams } = node.ports;
  const ports = lists === 'both' ? unlisted(`claims/${name}.json`)(node.ports) : node.ports;
  const list: Ports['claimStreams']['list'] = async (signal) =>
    (await claimStreams.list(signal)).filter((stream) => stream.name !== name);
  return { ...ports, claimStreams: { ...claimStreams, list } };
}

/** Member `id` lives, under the id and at the address of a dead predecessor. */
function heir(node: MemoryNode, id: number): MemoryNode {
  claimed(node, id, 1, 'i-0dead');
  claimed(node, id, 2, instanceOf(id));
  node.shelf.put('dead/i-0dead', {});
  return node;
}

for (const lists of ['streams', 'both'] as const) {
  const where = lists === 'both' ? 'neither list shows' : 'the list of streams does not show';

  test(`a living voter whose claim ${where} is not removed for its dead predecessor`, async () => {
    const node = heir(cluster(3), 2);
    const journal = await run(node, without('2.2', lists, node));
    assert.deepEqual(
      journal.filter((entry) => TAKES_AWAY.test(entry)),
      [],
    );
  });

  for (const running of [true, false]) {
    test(`a voter that ${running ? 'serves' : 'was stopped'}, and whose own claim ${where}, keeps its id`, async () => {
      const node = heir(cluster(1), 1);
      node.running = running;
      if (!running) node.answers.delete(addressOf(1));
      const journal = await run(node, without('1.2', lists, node));
      assert.deepEqual(
        journal.filter((entry) => /^(create claims|disk id|server stop|reconfig)/.test(entry)),
        [],
      );
      assert.equal(node.running, true);
    });
  }
}

test('a claim that can not be read: the node waits under its id, and says so', async () => {
  const node = heir(cluster(1), 1);
  node.onCall = (call) => {
    if (call === 'get claims/1.2.json') throw new Error('claims/1.2.json timed out');
  };
  const journal = await run(node, without('1.2', 'both', node));
  assert.deepEqual(
    journal.filter((entry) => TAKES_AWAY.test(entry)),
    [],
  );
  assert.ok(
    node.logged.some(({ why }) => /claims\/1\.2\.json timed out/.test(String(why))),
    JSON.stringify(node.logged),
  );
});
