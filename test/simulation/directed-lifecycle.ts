// SPDX-License-Identifier: Apache-2.0
/** Scenarios of hooks, signals and leaving that random histories seldom reach, step by step. */
import assert from 'node:assert/strict';
import { changed } from '../../src/act/context.ts';
import { votersOf } from '../../src/model/member.ts';
import type { Case } from './directed-cases.ts';
import type { Node } from './node/node.ts';
import type { Scenario } from './scenario.ts';

/** Whoever was launched after these. */
function newcomers({ world }: Scenario, known: readonly Node[]): readonly Node[] {
  return world.nodes.filter((node) => !known.includes(node));
}

/** Nobody of these gets to do anything for so many seconds, whoever joins them meanwhile included. */
async function keepPaused(scenario: Scenario, nodes: () => readonly Node[], seconds: number): Promise<void> {
  for (let moment = 0; moment < seconds; moment++) {
    for (const node of nodes()) if (!node.paused) node.pause();
    await scenario.advance(1_000);
  }
}

async function firstNewcomer(scenario: Scenario, known: readonly Node[]): Promise<Node> {
  await scenario.until('another one boots', () => newcomers(scenario, known).some((node) => node.up), 120_000);
  const [newcomer] = newcomers(scenario, known);
  assert.ok(newcomer);
  return newcomer;
}

export const LIFECYCLE_CASES: readonly Case[] = [
  {
    name: 'a new node waits with its signal for an old one that hangs while it is to leave',
    nodes: 3,
    hooks: true,
    without: ['signals-before-the-leaving'],
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      const known = [...scenario.nodes];
      const [old] = scenario.followers;
      assert.ok(old);
      old.pause();
      world.cloud.group.takeOut(old.instance);
      const fresh = await firstNewcomer(scenario, known);
      fresh.pause();
      await scenario.advance(130_000);
      fresh.resume();
      await scenario.advance(100_000);
      assert.equal(fresh.disk.signalled, false);
      old.resume();
      await scenario.whole();
      assert.equal(fresh.disk.signalled, true);
    },
  },
  {
    name: 'a launching node outlasts a lost quorum',
    nodes: 3,
    hooks: true,
    without: ['gives-up-without-quorum'],
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      const known = [...scenario.nodes];
      const away = scenario.followers;
      for (const node of away) node.pause();
      world.cloud.group.desired = 4;
      const fresh = await firstNewcomer(scenario, known);
      // Longer than its bootstrap, and longer than its hook without heartbeats.
      await scenario.advance(700_000);
      for (const node of away) node.resume();
      await scenario.whole();
      assert.equal(fresh.instance.state, 'running');
      assert.equal(world.nodes.length, 4);
    },
  },
  {
    name: 'a member leaves beside another one whose instance shuts down',
    nodes: 3,
    hooks: true,
    without: ['counts-who-shuts-down'],
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      const [going, dying] = scenario.followers;
      const { leader } = scenario;
      assert.ok(going && dying);
      world.quorum.watching = true;
      world.cloud.group.desired = 2;
      dying.instance.state = 'shutting-down';
      world.cloud.group.takeOut(going.instance);
      // Neither does the leader come to remove the one that shuts down, nor does the group notice it yet.
      going.killAgent('killed');
      going.run({ command: 'recovery', limitMs: 20_000 });
      for (let moment = 0; moment < 5; moment++) {
        leader.killAgent('killed');
        await scenario.advance(1_000);
      }
      scenario.terminateAtOnce(dying);
      await scenario.whole();
    },
  },
  {
    name: 'all members are to leave at once, and one of them hangs until its hook ends',
    nodes: 3,
    hooks: true,
    without: ['counts-who-leaves-too'],
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      const known = [...scenario.nodes];
      world.quorum.watching = true;
      for (const node of known) world.cloud.group.takeOut(node.instance);
      const fresh = (): readonly Node[] => newcomers(scenario, known);
      await keepPaused(scenario, fresh, 120);
      const voters = votersOf(world.committedConfigs.at(-1) ?? { version: '', members: [] });
      const hanging = known.find((node) => voters.some((member) => member.address === node.address));
      hanging?.pause();
      await keepPaused(scenario, fresh, 400);
      for (const node of fresh()) node.resume();
      await scenario.whole();
    },
  },
  {
    name: 'all members are to leave at once, and hold on until replacements vote',
    nodes: 3,
    hooks: true,
    without: ['no-heartbeats'],
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      const known = [...scenario.nodes];
      world.quorum.watching = true;
      for (const node of known) world.cloud.group.takeOut(node.instance);
      const fresh = (): readonly Node[] => newcomers(scenario, known);
      await keepPaused(scenario, fresh, 500);
      for (const node of fresh()) node.resume();
      await scenario.whole();
      assert.equal(scenario.records().length, 1);
    },
  },
  {
    name: 'two rolling updates in a row, and every step of a group to seven and back',
    nodes: 3,
    hooks: true,
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      world.quorum.watching = true;
      const { group, stack } = world.cloud;
      for (const count of [1, 2]) {
        stack.rollingUpdate();
        await scenario.until('the update is through', () => !stack.updating, 1_800_000);
        assert.deepEqual([stack.updated, stack.rolledBack], [count, 0]);
      }
      await scenario.whole();
      for (const size of [5, 3, 7, 3]) {
        group.desired = size;
        await scenario.whole();
      }
    },
  },
  {
    name: 'an instance that is terminated behind the group is let go of',
    nodes: 3,
    hooks: true,
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      const [victim] = scenario.followers;
      assert.ok(victim);
      const atMs = world.scheduler.nowMs;
      scenario.terminateAtOnce(victim);
      await scenario.until(
        'its hook waits',
        () => world.cloud.group.terminatingSinceMs(victim.name) !== undefined,
        120_000,
      );
      await scenario.until('it is listed no more', () => !world.cloud.group.holds(victim.name), 250_000);
      assert.ok(world.scheduler.nowMs - atMs < 300_000, 'sooner than by the timeout of the hook');
      await scenario.whole();
    },
  },
  {
    name: 'a launch is given up by a call that arrives minutes later: the node takes no part meanwhile',
    nodes: 3,
    hooks: true,
    without: ['forgets-that-it-gave-up'],
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      const known = [...scenario.nodes];
      const { group } = world.cloud;
      let givenUp: Node | undefined;
      world.parts = (parts, node) => ({
        ...parts,
        act: async (step, context) => {
          if (known.includes(node) || (givenUp !== undefined && node !== givenUp)) return parts.act(step, context);
          const held = step.kind === 'complete-launch' || (step.kind === 'add-self' && givenUp === undefined);
          if (held) throw changed('It is held back.');
          if (step.kind !== 'give-up-launch' || givenUp !== undefined) return parts.act(step, context);
          givenUp = node;
          const { autoScaling } = context.ports;
          const { completeHook } = autoScaling;
          const late: typeof completeHook = async (_group, hook, id, result) => {
            world.scheduler.after(150_000, () => group.completeHook(id, hook, id, result));
            throw changed('The answer is lost.');
          };
          Object.assign(autoScaling, { completeHook: late });
          try {
            await parts.act(step, context);
          } finally {
            Object.assign(autoScaling, { completeHook });
          }
        },
      });
      group.desired += 1;
      await scenario.until('a launch is given up', () => givenUp !== undefined, 900_000);
      await scenario.advance(200_000);
      assert.equal(givenUp?.instance.state, 'terminated');
      await scenario.whole();
      assert.equal(scenario.nodes.length, 4);
    },
  },
];
