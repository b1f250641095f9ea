// SPDX-License-Identifier: Apache-2.0
/**
 * docs/protocol.md, "Lists and filters": every list and filter that is called, emptied, while the real loop runs in
 * situations in which it matters. Absence may make a node wait; it never takes an id, a member, data or a history away.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runAgent } from '../../src/loop.ts';
import type { NameZone } from '../../src/model/names.ts';
import type { Command } from '../../src/model/observation.ts';
import type { Ports } from '../../src/ports.ts';
import { PRODUCTION_TIMINGS } from '../../src/timings.ts';
import type { MemoryNode } from '../act/memory-node.ts';
import { addressOf, CLUSTER, EMPTY_DISK, groupFact, instanceOf, STACK } from '../decide/parts.ts';
import { LISTS, unlisted } from './emptied-lists.ts';
import { WITH_NAMES } from './listing-names.ts';
import { claimed, cluster, SITUATIONS, silence, TAKES_AWAY } from './listing-situations.ts';

const ALL = [...SITUATIONS, ...WITH_NAMES];
const never = new AbortController().signal;

async function run(
  node: MemoryNode,
  ports: Ports,
  command: Command = 'recovery',
  zone?: NameZone,
): Promise<readonly string[]> {
  const names = zone && { zone };
  const order = { command, cluster: CLUSTER, timings: PRODUCTION_TIMINGS, limitMs: 40_000, stack: STACK, ...names };
  await runAgent(ports, order, never);
  return node.journal;
}

function assertNone(journal: readonly string[], forbidden: RegExp): void {
  const found = journal.filter((entry) => forbidden.test(entry));
  assert.deepEqual(found, [], journal.join('\n'));
}

for (const { title, node: make, command, zone, never: forbidden, usually } of ALL) {
  test(`${title}: nothing is empty`, async () => {
    const node = make();
    const journal = await run(node, node.ports, command, zone);
    assertNone(journal, forbidden);
    assert.ok(!usually || journal.some((entry) => usually.test(entry)), journal.join('\n'));
  });
}

for (const [name, emptied] of Object.entries(LISTS)) {
  test(`${name} is empty: nothing is taken away, and it would have said something`, async (context) => {
    let hides = 0;
    for (const { title, node: make, command, zone, never: forbidden, waitsWithout } of ALL) {
      await context.test(title, async () => {
        const node = make();
        const ports = emptied(node.ports, () => hides++);
        const journal = await run(node, ports, command, zone);
        assertNone(journal, forbidden);
        const alsoNot = waitsWithout?.[name];
        if (alsoNot) assertNone(journal, alsoNot);
      });
    }
    assert.ok(hides > 0, 'No situation asks for it, so nothing was proved.');
  });
}

test('what a situation waits for is named as a list is', () => {
  const named = ALL.flatMap(({ waitsWithout }) => Object.keys(waitsWithout ?? {}));
  assert.deepEqual(
    named.filter((name) => !Object.hasOwn(LISTS, name)),
    [],
  );
});

test('the table of the protocol names each list, and no other', () => {
  const protocol = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
  const table = protocol.slice(protocol.indexOf('### Lists and filters')).split('\n## ')[0] ?? '';
  const cells = table.split('\n').flatMap((line) => (line.startsWith('| ') ? [line.split('|').at(-2) ?? ''] : []));
  const names = new Set(cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name)));
  assert.deepEqual([...names].sort(), Object.keys(LISTS).sort());
});

test('a record that no list shows is not written over', async () => {
  const node = cluster(4);
  silence(node).disk = EMPTY_DISK;
  node.instances = [1, 2, 3, 4].map((id) => ({ instance: instanceOf(id), state: 'running' }));
  node.group = groupFact([1, 2, 3, 4]);
  const before = node.shelf.bodies()['lineage/000001.json'];
  const journal = await run(
    node,
    unlisted('')(node.ports, () => {}),
    'bootstrap',
  );
  assert.deepEqual(node.shelf.bodies()['lineage/000001.json'], before);
  assert.equal(journal.filter((entry) => entry.startsWith('create lineage')).length, 1);
});

/** The list of streams is without this claim; with `both`, so is that of the objects. */
function without(name: string, lists: 'streams' | 'both', node: MemoryNode): Ports {
  const { claimStreams } = node.ports;
  const ports = lists === 'both' ? unlisted(`claims/${name}.json`)(node.ports, () => {}) : node.ports;
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
