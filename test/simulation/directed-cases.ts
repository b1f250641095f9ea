// SPDX-License-Identifier: Apache-2.0
/** Scenarios that random histories seldom reach, step by step. */
import assert from 'node:assert/strict';
import type { Scenario } from './scenario.ts';

export interface Case {
  readonly name: string;
  readonly nodes: number;
  /** The group belongs to a stack, with hooks; the seed says so when this does not. */
  readonly hooks?: boolean;
  /** How many Elastic IPs there are. Without them the identity is dynamic. */
  readonly addresses?: number;
  /** The cluster has names. */
  readonly named?: boolean;
  /** Mutations that must not come through. */
  readonly without?: readonly string[];
  readonly play: (scenario: Scenario) => Promise<void>;
}

export const CASES: readonly Case[] = [
  {
    name: 'a paused majority is not terminated: nothing is recovered by force, and it is back when they are',
    nodes: 3,
    without: ['unreported-ignored'],
    play: async (scenario) => {
      await scenario.whole();
      const paused = scenario.nodes.slice(0, 2);
      for (const node of paused) node.pause();
      await scenario.advance(300_000);
      for (const node of paused) node.resume();
      await scenario.whole();
      assert.equal(scenario.records().length, 1);
    },
  },
  {
    name: 'two wiped nodes and one with data: heals unasked, with the data of the survivor',
    nodes: 3,
    without: ['nonce-ignored'],
    play: async (scenario) => {
      await scenario.whole();
      const survivor = scenario.leader;
      survivor.pause();
      for (const node of scenario.nodes) if (node !== survivor) node.wipe('disk');
      await scenario.advance(120_000);
      survivor.resume();
      await scenario.whole();
    },
  },
  {
    name: 'two nodes whose version-2 alone was wiped, and one with data',
    nodes: 3,
    without: ['marker-again'],
    play: async (scenario) => {
      await scenario.whole();
      const survivor = scenario.leader;
      survivor.pause();
      for (const node of scenario.nodes) if (node !== survivor) node.wipe('data');
      await scenario.advance(120_000);
      survivor.resume();
      await scenario.whole();
    },
  },
  {
    name: 'an epoch that was only promised does not make data better',
    nodes: 5,
    without: ['ranked-by-accepted-epoch'],
    play: async (scenario) => {
      await scenario.whole();
      const [behind, ahead, ...others] = scenario.followers;
      assert.ok(behind && ahead);
      scenario.world.ensemble.kill(behind, 'by hand');
      behind.pause();
      await scenario.advance(60_000);
      for (const node of [scenario.leader, ...others]) scenario.world.ensemble.kill(node, 'by hand');
      if (behind.disk.data) behind.disk.data.acceptedEpoch += 3;
      await scenario.terminate(...scenario.nodes.filter((node) => node !== behind && node !== ahead));
      behind.resume();
      await scenario.whole();
    },
  },
  {
    name: 'a joiner crashed between the commit and its own knowledge of it, then the leader restarted',
    nodes: 1,
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      world.cloud.group.desired = 2;
      const leader = scenario.leader;
      await scenario.until(
        'the joiner follows',
        () => world.ensemble.servers.some((server) => server.host !== leader && server.phase === 'serving'),
        300_000,
      );
      const joiner = scenario.nodes.find((node) => node !== leader);
      assert.ok(joiner);
      await scenario.world.scheduler.run(world.scheduler.nowMs + 300_000, () => {
        const committed = world.leader?.config.members.length === 2;
        return committed && joiner.disk.config?.members.length !== 2;
      });
      joiner.reboot();
      leader.reboot();
      await scenario.whole();
      assert.equal(scenario.records().length, 1);
    },
  },
  {
    name: 'a left-over .next does not keep the survivor from starting',
    nodes: 3,
    without: ['pending-config-kept'],
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      const survivor = scenario.followers[0];
      assert.ok(survivor?.disk.config);
      const others = scenario.nodes.filter((node) => node !== survivor);
      for (const node of scenario.nodes) world.ensemble.kill(node, 'by hand');
      const version = `${survivor.disk.data?.log?.zxid.slice(0, 8)}00ffffff`;
      survivor.disk.pending = { version, members: scenario.configOf([...others]) };
      await scenario.terminate(...others);
      await scenario.whole();
    },
  },
  {
    name: 'the owner of a forced record is terminated before anyone follows it',
    nodes: 5,
    play: async (scenario) => {
      await scenario.whole();
      scenario.terminateAtOnce(scenario.leader, ...scenario.followers.slice(0, 2));
      await scenario.until('a record names an owner', () => scenario.records().length === 2, 600_000);
      const owner = scenario.nodes.find((node) => node.name === scenario.records()[1]?.owner?.instance);
      assert.ok(owner);
      scenario.terminateAtOnce(owner);
      await scenario.whole();
      assert.equal(scenario.records()[2]?.kind, 'forced');
    },
  },
  {
    name: 'a survivor with an old config beside newer members',
    nodes: 3,
    without: ['unreported-ignored'],
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      const survivor = scenario.followers[0];
      assert.ok(survivor);
      survivor.pause();
      // The group grows while one member sleeps, so that its config is an old one.
      world.cloud.group.desired = 5;
      await scenario.until('the others are five', () => world.leader?.config.members.length === 5, 600_000);
      const founders = scenario.nodes.filter((node) => [1, 2, 3].includes(node.disk.id ?? 0) && node !== survivor);
      const newer = scenario.nodes.filter((node) => (node.disk.id ?? 0) > 3);
      for (const node of newer) node.pause();
      await scenario.terminate(...founders);
      survivor.resume();
      await scenario.advance(200_000);
      for (const node of newer) node.resume();
      await scenario.whole();
    },
  },
  {
    name: 'a majority of the genesis record is dead before its first start',
    nodes: 3,
    play: async (scenario) => {
      const { world } = scenario;
      await world.scheduler.run(600_000, () => scenario.records().length === 1);
      assert.equal(world.ensemble.servers.length, 0);
      scenario.terminateAtOnce(...scenario.nodes.slice(0, 2));
      await scenario.whole();
    },
  },
  {
    name: 'version-2 is deleted between the preparation of a first start and that start, under a second genesis',
    nodes: 3,
    without: ['floor-of-first-start-not-raised-again'],
    play: async (scenario) => {
      const { world } = scenario;
      let deleted = 0;
      world.parts = (parts, node) => ({
        ...parts,
        act: async (step, context) => {
          await parts.act(step, context);
          if (step.kind !== 'prepare-genesis' || step.record.number !== 2) return;
          node.disk.data = undefined;
          node.wipes++;
          deleted++;
        },
      });
      await world.scheduler.run(600_000, () => scenario.records().length === 1);
      scenario.detach(...scenario.nodes.slice(0, 2));
      await scenario.whole();
      assert.equal(deleted, 1);
      assert.equal(scenario.records().length, 2);
    },
  },
  {
    name: 'a late member of the genesis record joins, acknowledges writes and loses its disk',
    nodes: 3,
    without: ['joins-unannounced'],
    play: async (scenario) => {
      const { world } = scenario;
      await world.scheduler.run(600_000, () => scenario.records().length === 1);
      const [late] = scenario.nodes.slice(-1);
      assert.ok(late);
      late.pause();
      await scenario.until('two of three serve', () => world.leader !== undefined, 300_000);
      late.resume();
      await scenario.whole();
      const behind = scenario.nodes.find((node) => node !== late && node !== scenario.leader) ?? scenario.leader;
      const other = scenario.nodes.find((node) => node !== late && node !== behind);
      assert.ok(behind && other);
      behind.pause();
      await scenario.advance(90_000);
      world.ensemble.kill(other, 'by hand');
      scenario.terminateAtOnce(other);
      late.wipe('disk');
      behind.resume();
      await scenario.whole();
      assert.equal(scenario.records().length, 2);
    },
  },
  {
    name: 'members of an ensemble that grew restart from the grown config',
    nodes: 3,
    without: ['original-config'],
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      world.cloud.group.desired = 5;
      await scenario.until('they are five', () => world.leader?.config.members.length === 5, 600_000);
      await scenario.whole();
      const founders = scenario.nodes
        .filter((node) => (node.disk.id ?? 9) <= 3 && node !== scenario.leader)
        .slice(0, 2);
      for (const node of founders) node.pause();
      await scenario.advance(60_000);
      const rest = scenario.nodes.filter((node) => !founders.includes(node));
      for (const node of rest) node.pause();
      for (const node of founders) {
        node.resume();
        node.reboot();
      }
      await scenario.advance(120_000);
      for (const node of rest) node.resume();
      await scenario.whole();
    },
  },
  {
    name: 'the owner is terminated while the other survivor has set its data aside and has not synced',
    nodes: 5,
    without: ['aside-not-counted'],
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      const survivors = scenario.followers.slice(0, 2);
      scenario.terminateAtOnce(...scenario.nodes.filter((node) => !survivors.includes(node)));
      const bare = (): (typeof survivors)[number] | undefined =>
        survivors.find((node) => node.disk.aside.length > 0 && !node.disk.data?.initialised);
      await world.scheduler.run(world.scheduler.nowMs + 900_000, () => bare() !== undefined);
      const owner = survivors.find((node) => node !== bare());
      assert.ok(bare() && owner);
      scenario.terminateAtOnce(...scenario.nodes.filter((node) => node !== bare()));
      await scenario.whole();
      assert.ok(scenario.records().length > 2);
    },
  },
  {
    name: 'a member shuts down and still serves, and another is gone: they are removed one by one',
    nodes: 4,
    without: ['no-limit-a-pass'],
    play: async (scenario) => {
      await scenario.whole();
      const [going, gone] = scenario.followers.toSorted((a, b) => (a.disk.id ?? 0) - (b.disk.id ?? 0));
      assert.ok(going && gone);
      going.instance.state = 'shutting-down';
      scenario.terminateAtOnce(gone);
      await scenario.whole();
      assert.equal(scenario.records().length, 1);
    },
  },
  {
    name: 'the id of a member that is shutting down is wanted by a newcomer',
    nodes: 3,
    without: ['shutting-down-is-gone'],
    play: async (scenario) => {
      await scenario.whole();
      const [going] = scenario.followers;
      assert.ok(going);
      going.instance.state = 'shutting-down';
      // The first newcomer removes the member as it joins; the next one finds its id in no config.
      await scenario.advance(120_000);
      scenario.world.cloud.group.desired = 4;
      await scenario.advance(120_000);
      scenario.terminateAtOnce(going);
      await scenario.whole();
    },
  },
  {
    name: 'two newcomers want the same freed id at the same moment',
    nodes: 5,
    without: ['claims-deleted'],
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      scenario.terminateAtOnce(...scenario.followers.slice(0, 2));
      world.cloud.group.desired = 3;
      await scenario.until('the dead are removed', () => world.leader?.config.members.length === 3, 600_000);
      world.cloud.group.desired = 5;
      const newcomers = (): typeof scenario.nodes => world.nodes.slice(5);
      await world.scheduler.run(world.scheduler.nowMs + 120_000, () => newcomers().length === 2);
      for (const node of newcomers()) node.pause();
      await scenario.advance(20_000);
      for (const node of newcomers()) node.resume();
      await scenario.whole();
    },
  },
  {
    name: 'data of an older lineage that is ahead never mixes with the newer one',
    nodes: 5,
    without: ['old-data-kept'],
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      const [ahead, ...others] = scenario.followers;
      const leader = scenario.leader;
      assert.ok(ahead?.disk.data && leader.disk.data);
      for (const node of [leader, ...others]) world.ensemble.kill(node, 'by hand');
      world.ensemble.kill(ahead, 'by hand');
      // It had synced with a leader of an epoch that nobody else ever heard of, and applied its entries.
      const { log } = ahead.disk.data;
      assert.ok(log);
      const stray = {
        ...log,
        zxid: `${log.zxid.slice(0, 8)}0000ffff`,
        parent: log,
        depth: log.depth + 1,
        committed: false,
      };
      ahead.disk.data.log = stray;
      ahead.disk.data.snapshot = stray;
      // A server enters a later epoch only with all that is committed, which a follower may still have lacked here.
      const keeper = others.find(({ disk }) => disk.data?.log?.zxid === newestCommitted(scenario.nodes));
      assert.ok(keeper?.disk.data);
      keeper.disk.data.currentEpoch += 1;
      keeper.disk.data.acceptedEpoch += 1;
      scenario.terminateAtOnce(...scenario.nodes.filter((node) => node !== ahead && node !== keeper));
      await scenario.whole();
      assert.equal(ahead.disk.aside.length, 1);
    },
  },
];

function newestCommitted(nodes: Scenario['nodes']): string | undefined {
  const zxids = nodes.map(({ disk }) => {
    let entry = disk.data?.log;
    while (entry && !entry.committed) entry = entry.parent;
    return entry?.zxid ?? '';
  });
  return zxids.sort().at(-1);
}
