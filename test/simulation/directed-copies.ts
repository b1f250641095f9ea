// SPDX-License-Identifier: Apache-2.0
/**
 * Scenarios of disks that are copies of an earlier time: put back under the same instance, or in the image of a node.
 */
import assert from 'node:assert/strict';
import { Violation } from './core/violation.ts';
import type { Case } from './directed-cases.ts';
import { copyOfDisk, type DiskState } from './node/disk-state.ts';
import type { Node } from './node/node.ts';
import type { Scenario } from './scenario.ts';
import { contains } from './zookeeper/entry.ts';

/** Those whose instances show their volumes. */
function shown(nodes: readonly Node[]): readonly Node[] {
  return nodes.filter(({ disk }) => disk.volume !== undefined);
}

function snapshotOf({ disk }: Node): DiskState {
  return copyOfDisk(disk, disk.volume);
}

/** The leader and one other acknowledge writes, and the third is behind. Then the leader is silent. */
async function behindAnd(scenario: Scenario, meanwhile: (other: Node) => void): Promise<Node> {
  const { leader } = scenario;
  const [other, behind] = scenario.followers.toSorted((a, b) => Number(!a.disk.volume) - Number(!b.disk.volume));
  assert.ok(other && behind);
  behind.pause();
  await scenario.advance(60_000);
  meanwhile(other);
  leader.pause();
  behind.resume();
  return leader;
}

/**
 * Two of three are terminated with writes that the third has not. When the two new nodes have answered the third one's
 * proposal, and nothing but its outcome is left, one of them gets a disk that was copied from a dead node.
 */
async function copyOfTheDead(scenario: Scenario): Promise<{ readonly proposer: Node; readonly young: Node }> {
  const { world } = scenario;
  await scenario.whole();
  const behind = scenario.followers[0];
  assert.ok(behind);
  behind.pause();
  await scenario.advance(60_000);
  const [of] = shown(scenario.nodes.filter((node) => node !== behind));
  assert.ok(of);
  const copy = snapshotOf(of);
  scenario.terminateAtOnce(...scenario.nodes.filter((node) => node !== behind));
  const { objects } = world.cloud;
  const others = (): readonly Node[] => scenario.nodes.filter((node) => node !== behind);
  const say = (what: string): boolean =>
    others().every(({ name }) => objects.get(`reports/${name}.json`)?.body.includes(what));
  await scenario.until('the new nodes are fenced', () => others().length === 2 && say('"fenced":true'), 300_000);
  behind.resume();
  world.hand = {
    stopsBefore: (machine, label) =>
      machine === behind.name && label.startsWith('PutObject once lineage/000002/outcomes/') && say('"kind":"answers"'),
  };
  await scenario.until('only the outcome is left', () => behind.paused, 900_000);
  world.hand = {};
  const [young] = shown(others());
  assert.ok(young);
  young.replaceDisk(copy);
  return { proposer: behind, young };
}

export const COPY_CASES: readonly Case[] = [
  {
    name: 'a disk is put back to an earlier time, beside a member that is behind: they do not elect each other',
    nodes: 3,
    without: ['copy-counts-as-own'],
    play: async (scenario) => {
      await scenario.whole();
      const earlier = new Map(scenario.nodes.map((node) => [node, snapshotOf(node)]));
      const silent = await behindAnd(scenario, (other) => {
        const disk = earlier.get(other);
        assert.ok(disk);
        other.replaceDisk(disk);
      });
      await scenario.advance(200_000);
      silent.resume();
      await scenario.whole();
      assert.equal(scenario.records().length, 1);
    },
  },
  {
    name: 'a disk is put back to the moment before its first start: there is no second marker',
    nodes: 3,
    without: ['marker-of-a-copy-kept'],
    play: async (scenario) => {
      const { world } = scenario;
      const due = new Map<Node, DiskState>();
      const noted = (): boolean => {
        for (const node of shown(scenario.nodes)) {
          if (node.disk.stamp && node.disk.marker && !due.has(node)) due.set(node, snapshotOf(node));
        }
        return world.leader !== undefined;
      };
      await world.scheduler.run(600_000, noted);
      await scenario.whole();
      const silent = await behindAnd(scenario, (other) => {
        const disk = due.get(other);
        if (disk) other.replaceDisk(disk);
      });
      await scenario.advance(200_000);
      silent.resume();
      await scenario.whole();
      assert.equal(scenario.records().length, 1);
    },
  },
  {
    name: 'a new instance has the image of a member: it joins without the data of that one',
    nodes: 3,
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      const [of] = shown(scenario.nodes);
      assert.ok(of);
      const image = snapshotOf(of);
      const before = world.nodes.length;
      // Each fourth instance does not show its volume.
      world.cloud.group.desired = 5;
      await scenario.until('new nodes are up', () => world.nodes.slice(before).some(({ up }) => up), 120_000);
      const [young] = shown(world.nodes.slice(before).filter(({ up }) => up));
      young?.replaceDisk(image);
      await scenario.whole();
      if (young && young.disk.aside.length !== 1) {
        throw new Violation('copy', `${young.name} has not set the data of the image aside`);
      }
    },
  },
  {
    name: 'the disk of the only node is put back on purpose: it recovers by force from what it has',
    nodes: 1,
    play: async (scenario) => {
      await scenario.whole();
      const [only] = scenario.nodes;
      assert.ok(only?.disk.volume);
      const earlier = snapshotOf(only);
      await scenario.advance(30_000);
      only.replaceDisk(earlier);
      await scenario.whole();
      assert.deepEqual(
        scenario.records().map(({ kind }) => kind),
        ['genesis', 'forced'],
      );
    },
  },
  {
    name: 'the disk of an owner is put back to before its founding: it founds no second time',
    nodes: 1,
    without: ['founds-on-any-volume'],
    play: async (scenario) => {
      await scenario.whole();
      const [owner] = scenario.nodes;
      assert.ok(owner?.disk.volume);
      owner.replaceDisk(snapshotOf(owner));
      const due = (): boolean => owner.disk.stamp === undefined && owner.disk.fence !== undefined;
      await scenario.until('it is fenced, with its data aside', due, 300_000);
      const before = snapshotOf(owner);
      await scenario.whole();
      assert.equal(scenario.records().length, 2);
      await scenario.advance(30_000);
      owner.replaceDisk(before);
      await scenario.whole();
      assert.equal(scenario.records().length, 3, 'what it acknowledged is lost with its disk, and a record says so');
    },
  },
  {
    name: 'a copy of a dead disk comes after all have answered, and its node tells of it: that proposal is void',
    nodes: 3,
    hooks: false,
    without: ['withdrawn-unsettled', 'copy-not-offered'],
    play: async (scenario) => {
      const { proposer, young } = await copyOfTheDead(scenario);
      const { log } = young.disk.data ?? {};
      assert.ok(log);
      await scenario.until('it has set the copy aside', () => young.disk.aside.length > 0, 300_000);
      await scenario.advance(60_000);
      proposer.resume();
      await scenario.whole();
      assert.ok(contains(scenario.world.history.head, log), 'nothing of the copy is lost');
    },
  },
  {
    name: 'a copy of a dead disk comes right before the record: it is too late for that record, and is kept aside',
    nodes: 3,
    hooks: false,
    play: async (scenario) => {
      const { proposer, young } = await copyOfTheDead(scenario);
      const { log } = young.disk.data ?? {};
      assert.ok(log);
      proposer.resume();
      await scenario.whole();
      assert.equal(scenario.records().length, 2);
      assert.ok(young.disk.aside.some(({ data }) => data.log === log));
    },
  },
];
