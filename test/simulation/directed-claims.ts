// SPDX-License-Identifier: Apache-2.0
/** Scenarios of claims that no list shows, and of ids that were changed by mistake (docs/protocol.md, "Claims 8"). */
import assert from 'node:assert/strict';
import type { Case } from './directed-cases.ts';
import type { Scenario } from './scenario.ts';

function idsOf(scenario: Scenario): readonly (number | undefined)[] {
  return scenario.nodes.map((node) => node.disk.id);
}

async function rebootAll(scenario: Scenario): Promise<void> {
  for (const node of scenario.nodes) node.reboot();
  await scenario.advance(25_000);
  await scenario.whole(600_000);
}

export const CLAIM_CASES: readonly Case[] = [
  {
    name: 'all streams are deleted, then all nodes reboot twice: everybody keeps its id, and the streams come back',
    nodes: 3,
    without: ['streams-not-made-anew'],
    play: async (scenario) => {
      await scenario.whole();
      const { streams } = scenario.world.cloud;
      const [ids, made] = [idsOf(scenario), [...streams.names].sort()];
      for (const name of made) streams.delete(name);
      await rebootAll(scenario);
      await rebootAll(scenario);
      assert.deepEqual(idsOf(scenario), ids);
      const back = (): boolean => made.every((name) => streams.names.includes(name));
      await scenario.until('the streams are there again', back, 120_000);
      assert.equal(scenario.records().length, 1);
    },
  },
  {
    name: 'every node has a wrong id on its disk, and a claim on it: the ids of the config return',
    nodes: 3,
    without: ['id-changed-by-mistake-stays'],
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      const ids = idsOf(scenario);
      for (const node of scenario.nodes) {
        const wrong = (node.disk.id ?? 0) + 10;
        world.ensemble.kill(node, 'by hand');
        world.cloud.streams.create(`${wrong}.1`);
        const owner = { instance: node.instance.id, address: node.address };
        world.cloud.objects.createOnce(`claims/${wrong}.1.json`, JSON.stringify(owner));
        node.disk.id = wrong;
      }
      await rebootAll(scenario);
      assert.deepEqual(idsOf(scenario), ids);
    },
  },
  {
    name: 'no list shows the claim of a living voter, but that of its dead predecessor at the same address: it stays',
    nodes: 3,
    without: ['removed-unasked'],
    play: async (scenario) => {
      await scenario.whole();
      const { cloud } = scenario.world;
      const dead = scenario.followers[0];
      assert.ok(dead);
      await scenario.terminate(dead);
      await scenario.advance(20_000);
      await scenario.whole();
      const heir = scenario.followers[0];
      const id = heir?.disk.id;
      assert.ok(heir && id !== undefined);
      // As if the dead one had had its id and its address before it.
      cloud.objects.put(`claims/${id}.1.json`, JSON.stringify({ instance: dead.instance.id, address: heir.address }));
      cloud.objects.put(`claims/${id}.2.json`, JSON.stringify({ instance: heir.instance.id, address: heir.address }));
      cloud.objects.unlisted = [`claims/${id}.2.json`];
      cloud.streams.create(`${id}.1`);
      // Whoever leads looks at everything, and not only at itself.
      scenario.leader.disk.reported = true;
      await scenario.advance(90_000);
      cloud.objects.unlisted = [];
      await scenario.whole();
      assert.equal(heir.disk.id, id);
    },
  },
  {
    name: 'the claim of a member is gone, its stream and its object: stamp and config name it, and it claims its id anew',
    nodes: 3,
    play: async (scenario) => {
      await scenario.whole();
      const [follower] = scenario.followers;
      const { streams, objects } = scenario.world.cloud;
      const id = follower?.disk.id;
      assert.ok(follower && id !== undefined);
      streams.delete(`${id}.1`);
      objects.delete(`claims/${id}.1.json`);
      follower.reboot();
      await scenario.advance(25_000);
      await scenario.whole();
      assert.equal(follower.disk.id, id);
      const owner = (): boolean => objects.get(`claims/${id}.1.json`)?.body.includes(follower.name) ?? false;
      await scenario.until('the claim is there again', owner, 300_000);
    },
  },
];
