// SPDX-License-Identifier: Apache-2.0
/** Scenarios of files that are not what they were, on the node that alone holds what was committed last. */
import assert from 'node:assert/strict';
import type { Case } from './directed-cases.ts';
import type { DataState } from './node/disk-state.ts';
import type { Node } from './node/node.ts';
import type { Scenario } from './scenario.ts';
import type { Log } from './zookeeper/entry.ts';

interface Survivors {
  /** Holds all that was committed, and one of its files is about to be changed. */
  readonly ahead: Node;
  readonly data: DataState;
  /** Lacks the last entries that were committed, so that it must not be the one that the recovery starts from. */
  readonly behind: Node;
}

/** Two of five are left, and the servers of both have ended; nothing was looked at since. */
async function loseMost(scenario: Scenario): Promise<Survivors> {
  await scenario.whole();
  const { world } = scenario;
  const [ahead, behind] = scenario.followers;
  assert.ok(ahead?.disk.data && behind?.disk.data);
  await scenario.until('it has all of it', () => ahead.disk.data?.log === scenario.leader.disk.data?.log, 60_000);
  for (const node of [ahead, behind]) {
    world.ensemble.kill(node, 'by hand');
    // As of a loss before this one: else their servers would start once more, and mend what they can by themselves.
    node.disk.fence = { record: 1 };
  }
  const base = before(ahead.disk.data.log, 3);
  assert.ok(base);
  behind.disk.data.log = base;
  behind.disk.data.snapshot = base;
  scenario.terminateAtOnce(...scenario.nodes.filter((node) => node !== ahead && node !== behind));
  return { ahead, data: ahead.disk.data, behind };
}

function before(log: Log, entries: number): Log {
  let entry = log;
  for (let left = entries; left > 0 || !entry?.committed; left--) entry = entry?.parent;
  return entry;
}

/** Nobody recovers while the file is as it is; a person mends it, and everything is there. */
async function heldUpUntil(scenario: Scenario, mend: () => void): Promise<void> {
  await scenario.advance(240_000);
  assert.equal(scenario.world.leader, undefined, 'nobody recovers with less');
  mend();
  await scenario.whole();
}

export const FILE_CASES: readonly Case[] = [
  {
    name: 'two of three lost their data and marks, and their stamps can not be read: they do not begin anew without the third',
    nodes: 3,
    without: ['torn-stamp-is-none-without-data'],
    play: async (scenario) => {
      await scenario.whole();
      const survivor = scenario.leader;
      survivor.pause();
      for (const node of scenario.followers) {
        node.wipe('data');
        node.disk.ready = false;
        node.disk.torn.add('stamp');
      }
      await scenario.advance(120_000);
      survivor.resume();
      await scenario.whole();
    },
  },
  {
    name: 'the fence of the last survivor can not be read any more: it recovers all the same',
    nodes: 3,
    without: ['torn-fence-is-none'],
    play: async (scenario) => {
      await scenario.whole();
      const survivor = scenario.leader;
      scenario.detach(...scenario.followers);
      await scenario.until('it is fenced', () => survivor.disk.fence !== undefined, 300_000);
      survivor.disk.torn.add('fence');
      await scenario.whole();
    },
  },
  {
    name: 'the stamp of an owner that founded from data set aside goes bad: it founds no second time',
    nodes: 3,
    without: ['founded-again-without-its-stamp'],
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      const owner = scenario.leader;
      scenario.detach(...scenario.followers);
      const copied = (): boolean => owner.disk.aside.some(({ name }) => name.startsWith('source-of-record-2'));
      await scenario.until('its data is copied', copied, 300_000);
      owner.disk.torn.add('stamp');
      await scenario.until('it serves again', () => world.leader?.host === owner, 300_000);
      await scenario.advance(60_000);
      owner.disk.torn.add('stamp');
      owner.reboot();
      await scenario.advance(120_000);
      owner.disk.torn.delete('stamp');
      await scenario.whole();
    },
  },
  {
    name: 'the data of the only node is damaged right after the node was seen to lead: nothing empty takes its place',
    nodes: 1,
    without: ['led-ensemble-outlives-its-server'],
    play: async (scenario) => {
      const { world } = scenario;
      let damaged: DataState | undefined;
      world.parts = (parts, node) => ({
        ...parts,
        act: async (step, context) => {
          await parts.act(step, context);
          if (damaged || step.kind !== 'vouch-config') return;
          // The facts still stand for the next look, and no more for the one after that.
          await context.ports.clock.sleep(context.timings.factsStandMs - 200, context.signal);
          damaged = node.disk.data;
          if (damaged) damaged.bad = 'hidden-end';
          world.ensemble.kill(node, 'its data is damaged');
        },
      });
      await scenario.until('its data is damaged', () => damaged !== undefined, 120_000);
      await heldUpUntil(scenario, () => {
        if (damaged) damaged.bad = undefined;
      });
    },
  },
  {
    name: 'the last to hold what was committed was cut off before it renamed currentEpoch.tmp',
    nodes: 5,
    without: ['half-epoch-unread'],
    play: async (scenario) => {
      const { data } = await loseMost(scenario);
      data.half = data.currentEpoch;
      data.currentEpoch -= 1;
      await scenario.whole();
    },
  },
  {
    name: 'the last to hold what was committed has damage that hides how far its data goes',
    nodes: 5,
    without: ['hidden-end-not-awaited'],
    play: async (scenario) => {
      const { data, behind } = await loseMost(scenario);
      data.bad = 'hidden-end';
      data.snapshot = before(behind.disk.data?.log, 1);
      await heldUpUntil(scenario, () => {
        data.bad = undefined;
      });
    },
  },
  {
    name: 'the last to hold what was committed has a stamp that can not be read',
    nodes: 5,
    without: ['torn-stamp-not-awaited'],
    play: async (scenario) => {
      const { ahead } = await loseMost(scenario);
      ahead.disk.torn.add('stamp');
      await heldUpUntil(scenario, () => {
        ahead.disk.torn.delete('stamp');
      });
    },
  },
  {
    name: 'the last to hold what was committed is half synced, and its stamp can not be read',
    nodes: 5,
    without: ['half-sync-under-torn-stamp-not-awaited'],
    play: async (scenario) => {
      const { ahead, data } = await loseMost(scenario);
      const { currentEpoch } = data;
      data.currentEpoch = 0;
      ahead.disk.torn.add('stamp');
      await heldUpUntil(scenario, () => {
        data.currentEpoch = currentEpoch;
        ahead.disk.torn.delete('stamp');
      });
    },
  },
  {
    name: 'the last to hold what was committed has set it aside as damaged, and has not synced again',
    nodes: 5,
    without: ['damaged-aside-not-awaited'],
    play: async (scenario) => {
      const { ahead, data } = await loseMost(scenario);
      const { stamp, config } = ahead.disk;
      data.bad = 'known-end';
      ahead.disk.aside.push({ name: 'lineage-1-before-1', stamp, data, config });
      ahead.disk.data = undefined;
      await heldUpUntil(scenario, () => {
        data.bad = undefined;
      });
    },
  },
  {
    name: 'a serving voter whose files are torn votes again after every server has ended',
    nodes: 3,
    without: ['torn-files-of-voters-stay'],
    play: async (scenario) => {
      await scenario.whole();
      const torn = scenario.followers;
      for (const { disk } of torn) for (const file of ['id', 'config'] as const) disk.torn.add(file);
      await scenario.until('they are mended', () => torn.every(({ disk }) => disk.torn.size === 0), 120_000);
      for (const node of scenario.nodes) node.reboot();
      await scenario.whole();
      assert.deepEqual(scenario.records().length, 1, 'nobody had to recover by force');
    },
  },
];
