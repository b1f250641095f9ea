// SPDX-License-Identifier: Apache-2.0
/** Outages that end by what a person does, who follows what the nodes advise and nothing else. */
import assert from 'node:assert/strict';
import { whyNotHealed } from './checkers/healing.ts';
import type { Case } from './directed-cases.ts';
import type { Node } from './node/node.ts';
import type { Scenario } from './scenario.ts';

/** Until this holds a person reads what the nodes say, and obeys it. */
export async function followed(
  scenario: Scenario,
  what: string,
  holds: () => boolean,
  limitMs = 3_600_000,
): Promise<void> {
  const { person, random } = scenario.world;
  const next = (): boolean => {
    for (const node of scenario.nodes) person.read(node, random.between(20_000, 300_000), random);
    return holds();
  };
  await scenario.until(what, next, limitMs);
}

export const ADVICE_CASES: readonly Case[] = [
  {
    name: 'newer data that no server starts on is mended, or moved away, and the loss is the one that was told',
    nodes: 3,
    without: ['advice-tells-of-no-loss', 'advice-names-the-best'],
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      const { leader } = scenario;
      const [behind, ahead] = scenario.followers;
      assert.ok(behind && ahead);
      world.ensemble.kill(behind, 'by hand');
      behind.pause();
      await scenario.advance(60_000);
      ahead.powerOff('by hand');
      if (ahead.disk.data) ahead.disk.data.currentEpoch -= 1;
      await scenario.terminate(leader);
      ahead.boot();
      behind.resume();
      await followed(scenario, 'the cluster is whole', () => whyNotHealed(world) === undefined);
      assert.notEqual(ahead.instance.state, 'terminated');
    },
  },
  {
    name: 'one machine that never runs again blocks a recovery until a person has tried to start it',
    nodes: 3,
    without: ['terminate-unconditionally'],
    play: async (scenario) => {
      await scenario.whole();
      const { world, leader } = scenario;
      const [lost, hung] = scenario.followers;
      assert.ok(lost && hung);
      lost.lose();
      hung.pause();
      await scenario.terminate(leader);
      await followed(scenario, 'the cluster is whole', () => whyNotHealed(world) === undefined);
      assert.notEqual(hung.instance.state, 'terminated');
    },
  },
  {
    name: 'of five two machines are lost and one is stopped: it is started, and nothing is recovered by force',
    nodes: 5,
    without: ['terminate-unconditionally'],
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      const [first, second, stopped] = scenario.followers;
      assert.ok(first && second && stopped);
      first.lose();
      second.lose();
      stopped.powerOff('its instance is stopped');
      stopped.instance.state = 'stopped';
      await scenario.advance(60_000);
      assert.equal(world.leader, undefined);
      await followed(scenario, 'a leader serves', () => world.leader !== undefined);
      assert.equal(scenario.records().length, 1);
      await scenario.terminate(first, second);
      await scenario.whole();
    },
  },
  {
    name: 'data set aside is removed by hand while every voter serves, and not when one has fallen silent since',
    nodes: 3,
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      const [damaged, other] = scenario.followers;
      assert.ok(damaged && other);
      damaged.powerOff('by hand');
      if (damaged.disk.data) damaged.disk.data.currentEpoch -= 1;
      damaged.boot();
      await scenario.whole();
      assert.equal(damaged.disk.aside.length, 1);
      assert.ok(world.person.readAsides(damaged, 60_000, world.random));
      other.pause();
      await scenario.advance(100_000);
      assert.equal(damaged.disk.aside.length, 1);
      other.resume();
      await scenario.whole();
      assert.ok(world.person.readAsides(damaged, 60_000, world.random));
      await scenario.until('the data set aside is removed', () => damaged.disk.aside.length === 0, 100_000);
      await scenario.whole();
    },
  },
  {
    name: 'nobody has data, and a machine is lost before it has an id: a person replaces it, and the empty ensemble begins',
    nodes: 3,
    hooks: false,
    without: ['nobody-without-an-id-asked-for'],
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      scenario.terminateAtOnce(...scenario.nodes);
      const young = (): Node | undefined => scenario.nodes.find(({ disk }) => disk.id === undefined);
      await scenario.until('the group launches another', () => young() !== undefined, 120_000);
      const lost = young();
      assert.ok(lost);
      lost.lose();
      const others = (): readonly Node[] => scenario.nodes.filter((node) => node !== lost);
      const fenced = (): boolean => others().length === 2 && others().every(({ disk }) => disk.fence);
      await scenario.until('the others stand still', fenced, 300_000);
      const [asked] = others();
      assert.ok(asked);
      world.history.emptyGenesisAllowed = true;
      asked.killAgent('stopped by the operator');
      asked.run({ command: 'recovery', allowEmptyGenesis: true, limitMs: 3_600_000 });
      await scenario.advance(60_000);
      const next = (): boolean => {
        world.person.read(asked, 30_000, world.random);
        return whyNotHealed(world) === undefined;
      };
      await scenario.until('the cluster is whole', next, 3_600_000);
      assert.equal(lost.disk.id, undefined);
      assert.equal(scenario.records().length, 2);
    },
  },
];
