// SPDX-License-Identifier: Apache-2.0
/** Scenarios of a node's own server: its supervisor, and when it is stopped. */
import assert from 'node:assert/strict';
import { Violation } from './core/violation.ts';
import type { Case } from './directed-cases.ts';
import type { Node } from './node/node.ts';
import type { Scenario } from './scenario.ts';

/** A follower whose damaged data is set aside, at the moment after: its agent dies there. */
async function setAside(scenario: Scenario, supervised: boolean): Promise<Node> {
  const [follower] = scenario.followers;
  assert.ok(follower?.disk.data);
  const { world } = scenario;
  world.ensemble.kill(follower, 'crashes');
  follower.disk.data.currentEpoch -= 1;
  if (supervised) world.supervisor.retry(follower);
  const endMs = world.scheduler.nowMs + 120_000;
  await world.scheduler.run(endMs, () => follower.disk.data === undefined);
  assert.equal(follower.disk.data, undefined);
  follower.killAgent('killed');
  return follower;
}

export const SERVER_CASES: readonly Case[] = [
  {
    name: 'a server that its supervisor starts again and again does not start while its data is set aside',
    nodes: 3,
    without: ['changed-between-restarts'],
    play: async (scenario) => {
      await scenario.whole();
      await setAside(scenario, true);
      await scenario.whole();
    },
  },
  {
    name: 'a server whose data was set aside is started by hand: it does not vote without a stamp',
    nodes: 3,
    without: ['started-without-stamp'],
    play: async (scenario) => {
      await scenario.whole();
      const follower = await setAside(scenario, false);
      assert.equal(scenario.world.ensemble.start(follower), undefined);
      await scenario.whole();
    },
  },
  {
    name: 'a follower that serves and does not answer its own node is never stopped, for as long as the leader counts it',
    nodes: 3,
    without: ['leader-not-asked'],
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      const [follower] = scenario.followers;
      assert.ok(follower);
      const server = world.ensemble.on(follower);
      follower.unansweredUntilMs = world.scheduler.nowMs + 900_000;
      await scenario.advance(900_000);
      if (world.ensemble.on(follower) !== server) throw new Violation('works-on', 'a follower that serves was stopped');
      await scenario.whole();
    },
  },
  {
    name: 'a server that loads for longer than initLimit is not stopped before it has',
    nodes: 3,
    without: ['idle-unasked'],
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      const [follower] = scenario.followers;
      assert.ok(follower);
      world.ensemble.loadsForMs = 300_000;
      world.ensemble.kill(follower, 'crashes');
      await scenario.advance(400_000);
      world.ensemble.loadsForMs = 0;
      if (follower.disk.occasions['fresh-config'].length > 0) {
        throw new Violation('works-on', 'a server that loads its data was stopped');
      }
      await scenario.whole();
    },
  },
  {
    name: 'a server that ends at every start on data that looks whole: it is set aside beside the others, and joins empty',
    nodes: 3,
    without: ['failed-starts-uncounted'],
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      const [follower] = scenario.followers;
      assert.ok(follower?.disk.data);
      world.ensemble.kill(follower, 'crashes');
      follower.disk.data.unloadable = true;
      await scenario.whole();
      assert.equal(follower.disk.aside.length, 1);
    },
  },
  {
    name: 'the only server that is left ends at every start: nothing is founded on its data or without it',
    nodes: 3,
    play: async (scenario) => {
      await scenario.whole();
      const [follower, ...others] = scenario.nodes;
      assert.ok(follower?.disk.data);
      scenario.world.ensemble.kill(follower, 'crashes');
      follower.disk.data.unloadable = true;
      await scenario.advance(1_000);
      scenario.terminateAtOnce(...others);
      await scenario.advance(600_000);
      assert.equal(scenario.records().length, 1);
      assert.match(follower.said, /Unable to load database/);
      follower.disk.data.unloadable = false;
      delete follower.disk.data.failed;
      await scenario.whole();
    },
  },
];
