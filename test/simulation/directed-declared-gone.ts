// SPDX-License-Identifier: Apache-2.0
/** A person's word that a server which he added is gone for good (docs/protocol.md, "Recovery 11"). */
import assert from 'node:assert/strict';
import type { GoneMember } from '../../src/model/records.ts';
import { goneBody, goneKey } from '../../src/registry/gone.ts';
import { whyNotHealed } from './checkers/healing.ts';
import { Violation } from './core/violation.ts';
import { followed } from './directed-advice.ts';
import { voterAdded } from './directed-by-hand.ts';
import type { Case } from './directed-cases.ts';
import type { Node } from './node/node.ts';
import type { Scenario } from './scenario.ts';

export const DECLARED_GONE_CASES: readonly Case[] = [
  {
    name: 'the server that a quorum waits for is lost, and only its person knows: once it is declared gone the rest recovers',
    nodes: 3,
    without: ['declare-gone-never-advised'],
    play: async (scenario) => {
      const { world } = scenario;
      await scenario.whole();
      const address = await voterAdded(scenario);
      world.byHand.lose(address);
      const [gone] = scenario.followers;
      assert.ok(gone);
      scenario.terminateAtOnce(gone);
      await followed(scenario, 'the cluster is whole', () => whyNotHealed(world) === undefined, 1_200_000);
      assert.equal(scenario.records().length, 2);
    },
  },
  {
    name: 'two servers that somebody added are lost, with a voter to spare: once both are declared gone the rest recovers',
    nodes: 3,
    without: ['one-word-at-most'],
    play: async (scenario) => {
      const { world } = scenario;
      const { addresses } = await waitingForTwo(scenario);
      for (const address of addresses) world.byHand.lose(address);
      await followed(scenario, 'the cluster is whole', () => whyNotHealed(world) === undefined, 2_400_000);
      assert.equal(scenario.records().length, 2);
    },
  },
  {
    name: 'two servers that were declared gone serve after all, with one that is lost later: the words count no more',
    nodes: 3,
    without: ['words-of-the-gone'],
    play: async (scenario) => {
      const { world } = scenario;
      const { addresses, left } = await waitingForTwo(scenario);
      const [behind, ahead] = left;
      assert.ok(behind && ahead);
      const words: GoneMember[] = [];
      for (const address of addresses) words.push(await wordAdvised(scenario, address));
      behind.pause();
      for (const address of addresses) world.byHand.startAgain(address);
      await scenario.until('the quorum is back without one', () => world.leader !== undefined, 300_000);
      await scenario.advance(30_000);
      for (const word of words) giveWord(scenario, word);
      for (const address of addresses) world.byHand.stop(address);
      scenario.terminateAtOnce(ahead);
      behind.resume();
      await scenario.advance(400_000);
      if (scenario.records().length > 1) {
        throw new Violation(
          'recovers-by-an-old-word',
          `what the servers at ${addresses.join(', ')} have is left behind`,
        );
      }
      for (const address of addresses) world.byHand.startAgain(address);
      await scenario.until('the quorum is back once more', () => world.leader !== undefined, 300_000);
      assert.equal(scenario.records().length, 1);
    },
  },
  {
    name: 'a server that was declared gone comes back after the next record: it commits nothing, and all goes on',
    nodes: 3,
    without: ['declared-gone-unheard'],
    play: async (scenario) => {
      const { world } = scenario;
      const { address } = await waitingForAdded(scenario);
      giveWord(scenario, await wordAdvised(scenario));
      await scenario.until('it is recovered', () => world.leader?.host.disk.stamp?.lineage === 2, 600_000);
      world.byHand.declareGone(address);
      world.byHand.startAgain(address);
      await scenario.advance(120_000);
      await scenario.whole();
      assert.equal(scenario.records().length, 2);
    },
  },
  {
    name: 'a server serves once more after it was declared gone, and stops again, with all others there: the word counts no more',
    nodes: 3,
    without: ['declared-gone-for-ever'],
    play: async (scenario) => {
      const { world } = scenario;
      const { address } = await waitingForAdded(scenario);
      const word = await wordAdvised(scenario);
      // Nobody is removed meanwhile, so the same voters are left as before.
      world.cloud.group.maintenance = true;
      world.byHand.startAgain(address);
      await scenario.until('the quorum is back', () => world.leader !== undefined, 300_000);
      await scenario.advance(30_000);
      world.byHand.stop(address);
      giveWord(scenario, word);
      world.cloud.group.maintenance = false;
      await scenario.advance(400_000);
      if (scenario.records().length > 1) {
        throw new Violation('recovers-by-an-old-word', `the server at ${address} was back since`);
      }
      world.byHand.startAgain(address);
      await scenario.whole();
      assert.equal(scenario.records().length, 1);
    },
  },
  {
    name: 'a server is back and serves before the word that it is gone arrives: later the word counts no more',
    nodes: 3,
    play: async (scenario) => {
      const { world } = scenario;
      const { address, left } = await waitingForAdded(scenario);
      const word = await wordAdvised(scenario);
      world.byHand.startAgain(address);
      await scenario.until('the quorum is back', () => world.leader !== undefined, 300_000);
      giveWord(scenario, word);
      await scenario.whole();
      world.byHand.stop(address);
      scenario.detach(...left.slice(1));
      await scenario.advance(400_000);
      if (scenario.records().length > 1) {
        throw new Violation('recovers-by-an-old-word', `what the server at ${address} has is left behind`);
      }
      world.byHand.startAgain(address);
      await scenario.until('the quorum is back once more', () => world.leader !== undefined, 300_000);
      assert.equal(scenario.records().length, 1);
    },
  },
];

/** Of four voters one is gone, and the added one is stopped: each of those that are left is needed. */
async function waitingForAdded(scenario: Scenario): Promise<{ address: string; left: readonly Node[] }> {
  const { world } = scenario;
  await scenario.whole();
  const address = await voterAdded(scenario);
  world.byHand.stop(address);
  const [gone, ...others] = scenario.followers;
  assert.ok(gone);
  const left = [scenario.leader, ...others];
  scenario.detach(gone);
  return { address, left };
}

/** Of five voters one is gone, and two that were added are stopped: one of the four that are left is to spare. */
async function waitingForTwo(scenario: Scenario): Promise<{ addresses: readonly string[]; left: readonly Node[] }> {
  const { world } = scenario;
  await scenario.whole();
  const addresses = [await voterAdded(scenario), await voterAdded(scenario)];
  assert.equal(world.leader?.config.members.length, 5);
  for (const address of addresses) world.byHand.stop(address);
  const [gone] = scenario.nodes;
  assert.ok(gone);
  scenario.detach(gone);
  return { addresses, left: scenario.nodes.filter((node) => node !== gone) };
}

async function wordAdvised(scenario: Scenario, address?: string): Promise<GoneMember> {
  const words = (): readonly GoneMember[] =>
    scenario.nodes.flatMap(({ advice }) => advice.flatMap(({ gone }) => gone ?? []));
  const found = (): GoneMember | undefined => words().find((word) => address === undefined || word.address === address);
  await scenario.until('a person is asked for a word', () => found() !== undefined, 300_000);
  const word = found();
  assert.ok(word);
  return word;
}

function giveWord({ world }: Scenario, word: GoneMember): void {
  world.cloud.objects.createOnce(goneKey(word, 'given'), goneBody(word));
}
