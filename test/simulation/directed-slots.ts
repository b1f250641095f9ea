// SPDX-License-Identifier: Apache-2.0
/** Slots with Elastic IPs: what random histories seldom reach. */
import assert from 'node:assert/strict';
import type { Case } from './directed-cases.ts';
import type { Scenario } from './scenario.ts';

const MINUTE_MS = 60_000;

export const SLOT_CASES: readonly Case[] = [
  {
    name: 'somebody crashed while claiming the slot of a voter, whose instance ends then',
    nodes: 3,
    addresses: 4,
    without: ['holder-by-highest-generation'],
    play: async (scenario) => {
      await scenario.whole();
      const [dead] = scenario.followers;
      assert.ok(dead);
      scenario.world.cloud.streams.create(`${dead.disk.id}.2`);
      scenario.terminateAtOnce(dead);
      await scenario.whole();
    },
  },
  {
    name: 'a node loses its disk while no list shows its slot',
    nodes: 3,
    addresses: 4,
    without: ['own-slot-by-list-alone'],
    play: async (scenario) => {
      await scenario.whole();
      const [wiped] = scenario.followers;
      assert.ok(wiped?.disk.id);
      const { id } = wiped.disk;
      scenario.elasticIps.hidden = [id];
      wiped.wipe('disk');
      await scenario.advance(2 * MINUTE_MS);
      scenario.elasticIps.hidden = [];
      await scenario.whole();
      assert.equal(wiped.disk.id, id);
    },
  },
  {
    name: 'EC2 frees the address of an instance whose server still runs',
    nodes: 3,
    addresses: 3,
    without: ['freed-is-gone'],
    play: async (scenario) => {
      await scenario.whole();
      const [going] = scenario.followers;
      assert.ok(going);
      going.pause();
      going.instance.state = 'shutting-down';
      scenario.elasticIps.free(going.instance.id);
      await scenario.advance(4 * MINUTE_MS);
      scenario.terminateAtOnce(going);
      await scenario.whole();
    },
  },
  {
    name: 'another instance keeps the address of a slot: its new holder waits, and starts once it is free',
    nodes: 3,
    addresses: 3,
    without: ['starts-without-its-address'],
    play: async (scenario) => {
      await scenario.whole();
      const [dead] = scenario.followers;
      assert.ok(dead?.disk.id);
      scenario.terminateAtOnce(dead);
      scenario.elasticIps.giveAway(dead.disk.id, 'i-stranger');
      await scenario.advance(3 * MINUTE_MS);
      assert.equal(scenario.world.leader?.config.members.length, 2);
      scenario.elasticIps.free('i-stranger');
      await scenario.whole();
    },
  },
  {
    name: 'an earlier word that the slot is given back arrives right before its address is attached',
    nodes: 3,
    addresses: 3,
    play: async (scenario) => {
      const { world } = scenario;
      let late = 0;
      world.parts = (parts) => ({
        ...parts,
        act: async (step, context) => {
          if (step.kind === 'attach-slot' && late++ === 0) {
            world.cloud.objects.put(`claims/${step.slot.id}.2.json`, JSON.stringify({ format: 1, released: true }));
          }
          await parts.act(step, context);
        },
      });
      await scenario.whole();
      assert.ok(late > 1);
    },
  },
  {
    name: 'a node is about to give a slot back, and goes by it when the step comes',
    nodes: 3,
    addresses: 4,
    play: async (scenario) => {
      const { world } = scenario;
      let changed = 0;
      let second: string | undefined;
      world.parts = (parts, node) => ({
        ...parts,
        act: async (step, context) => {
          if (step.kind === 'release-id' && changed++ === 0) node.disk.id = step.id;
          await parts.act(step, context);
          if (step.kind !== 'attach-slot' || second !== undefined) return;
          second = JSON.stringify({ format: 1, instance: node.name, address: '198.51.100.4', slot: true });
          world.cloud.objects.put('claims/4.1.json', second);
        },
      });
      await scenario.whole();
    },
  },
  {
    name: 'the only node is replaced',
    nodes: 1,
    hooks: true,
    addresses: 2,
    without: ['pool-of-one'],
    play: async (scenario) => {
      await scenario.whole();
      await replaceAll(scenario);
    },
  },
  {
    name: 'every node is told to leave at once, and no slot is free: one goes at a time, beside all others',
    nodes: 3,
    hooks: true,
    addresses: 3,
    without: ['waits-for-a-replacement-without-a-slot'],
    play: async (scenario) => {
      await scenario.whole();
      scenario.world.quorum.watching = true;
      await replaceAll(scenario);
      assert.equal(scenario.records().length, 1);
    },
  },
  {
    name: 'all nodes end before the first record, and their successors take the same slots',
    nodes: 3,
    addresses: 3,
    without: ['nothing-free-without-ensemble'],
    play: async (scenario) => {
      const { world } = scenario;
      await scenario.until('a slot is claimed', () => world.cloud.streams.names.length > 1, 2 * MINUTE_MS);
      scenario.terminateAtOnce(...scenario.nodes);
      await scenario.whole(10 * MINUTE_MS);
    },
  },
  {
    name: 'the last of the first members is to leave before anything was committed, and its slot is needed',
    nodes: 3,
    hooks: true,
    addresses: 3,
    without: ['keeps-its-slot-while-it-leaves'],
    play: async (scenario) => {
      const { world } = scenario;
      const stamped = (): Scenario['nodes'] => scenario.nodes.filter(({ disk }) => disk.stamp !== undefined);
      await world.scheduler.run(10 * MINUTE_MS, () => stamped().length === 1);
      const [last] = stamped();
      assert.ok(last);
      assert.equal(world.leader, undefined);
      scenario.terminateAtOnce(...scenario.nodes.filter((node) => node !== last));
      world.cloud.group.takeOut(last.instance);
      await scenario.whole(15 * MINUTE_MS);
      assert.equal(scenario.records().length, 2);
    },
  },
];

/** Each of them is taken by its group; it is over once none of them is left. */
async function replaceAll(scenario: Scenario): Promise<void> {
  const old = scenario.nodes.map(({ instance }) => instance);
  for (const instance of old) scenario.world.cloud.group.takeOut(instance);
  const gone = (): boolean => old.every(({ state }) => state === 'terminated');
  await scenario.until('all old nodes are gone', gone, 20 * MINUTE_MS);
  await scenario.whole();
}
