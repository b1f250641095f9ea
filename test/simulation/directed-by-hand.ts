// SPDX-License-Identifier: Apache-2.0
/** What a person added by hand, and nobody remembers. */
import assert from 'node:assert/strict';
import { whyNotHealed } from './checkers/healing.ts';
import { Random } from './core/random.ts';
import { Violation } from './core/violation.ts';
import { followed } from './directed-advice.ts';
import type { Case } from './directed-cases.ts';
import { SIMULATED_TIMINGS } from './node/timings.ts';
import type { Scenario } from './scenario.ts';

/** An observer with a server, and the person leaves both as they are. */
class Observer extends Random {
  override chance(probability: number): boolean {
    return probability > 0.5;
  }
}

/** A voter, likewise: the first draw asks whether it is to vote. */
class Voter extends Random {
  #draws = 0;

  override chance(): boolean {
    return ++this.#draws === 1;
  }
}

/** Its address, once it is a member. */
export async function voterAdded(scenario: Scenario): Promise<string> {
  const { world } = scenario;
  const listed = (): readonly string[] =>
    (world.leader?.config.members ?? []).filter((each) => world.byHand.isByHand(each)).map(({ address }) => address);
  const before = listed();
  world.byHand.add(new Voter(1));
  const added = (): string | undefined => listed().find((address) => !before.includes(address));
  await scenario.until('the added voter is a member', () => added() !== undefined, 120_000);
  await scenario.advance(10_000);
  const address = added();
  assert.ok(address);
  return address;
}

export const BY_HAND_CASES: readonly Case[] = [
  {
    name: 'all data is gone, and a server that somebody added still runs: its old config is not taken over',
    nodes: 1,
    without: ['first-config-without-version'],
    play: async (scenario) => {
      const { world } = scenario;
      await scenario.whole();
      world.byHand.add(new Observer(1));
      const listed = (): boolean => (world.leader?.config.members.length ?? 0) === 2;
      await scenario.until('the observer is a member', listed, 120_000);
      await scenario.advance(10_000);
      const [first] = scenario.nodes;
      first?.wipe('disk');
      world.cloud.group.desired = 3;
      const fenced = (): boolean => scenario.nodes.length === 3 && scenario.nodes.every(({ disk }) => disk.fence);
      await scenario.until('all stand still', fenced, 600_000);
      world.history.emptyGenesisAllowed = true;
      world.byHand.giveUp();
      for (const node of scenario.nodes) {
        node.killAgent('stopped by the operator');
        node.run({ command: 'recovery', allowEmptyGenesis: true, limitMs: SIMULATED_TIMINGS.bootstrapLimitMs });
      }
      await scenario.until('the next record is written', () => scenario.records().length === 2, 600_000);
      // The others begin first: whoever is a member of both configs is late.
      const [both] = scenario.nodes;
      both?.pause();
      await scenario.until('the others serve', () => world.leader !== undefined, 120_000);
      both?.resume();
      await scenario.whole();
    },
  },
  {
    name: 'a server that somebody added leads: whoever is gone leaves the config all the same',
    nodes: 3,
    without: ['nobody-for-a-leader-by-hand'],
    play: async (scenario) => {
      const { world } = scenario;
      await scenario.whole();
      world.byHand.add(new Voter(1));
      const voters = (): number => world.leader?.config.members.length ?? 0;
      await scenario.until('the added voter is a member', () => voters() === 4, 120_000);
      await scenario.advance(10_000);
      // Of equal data the highest id wins.
      world.supervisor.crash(scenario.leader, 'killed');
      const leads = (): boolean => world.leader !== undefined && world.byHand.isByHand(world.leader.host);
      await scenario.until('the added server leads', leads, 120_000);
      await scenario.whole();
      const [gone] = scenario.nodes;
      assert.ok(gone);
      world.cloud.group.desired = 2;
      scenario.terminateAtOnce(gone);
      await scenario.whole();
      assert.ok(leads());
    },
  },
  {
    name: 'nothing is recovered by force while a server that somebody added still runs',
    nodes: 3,
    without: ['recovered-beside-servers-by-hand'],
    play: async (scenario) => {
      const { world } = scenario;
      await scenario.whole();
      const address = await voterAdded(scenario);
      // Of four voters one of ours and the added one are left, which is no quorum.
      scenario.terminateAtOnce(...scenario.followers);
      await scenario.advance(200_000);
      if (scenario.records().length > 1) {
        throw new Violation('recovers-beside-it', `a record is written while the server at ${address} still runs`);
      }
      world.byHand.stop(address);
      await scenario.until('it is recovered', () => scenario.records().length === 2, 600_000);
      world.byHand.giveUp();
      await scenario.whole();
    },
  },
  {
    name: 'a server that somebody started has data of a lost majority: emptied, it joins the next ensemble and may lead it',
    nodes: 3,
    without: ['added-with-old-data'],
    play: async (scenario) => {
      const { world } = scenario;
      await scenario.whole();
      const [behind, ahead] = scenario.followers;
      const { leader } = scenario;
      assert.ok(behind && ahead);
      behind.pause();
      await scenario.advance(30_000);
      world.byHand.add(new Voter(1), { tries: 200, beside: 2 });
      const serves = (): boolean =>
        world.ensemble.servers.some(({ host, phase }) => world.byHand.isByHand(host) && phase === 'serving');
      await scenario.until('it follows', serves, 60_000);
      // No node that is left ever hears of it.
      scenario.terminateAtOnce(leader, ahead);
      behind.resume();
      const joined = (): boolean =>
        world.leader?.host.disk.stamp?.lineage === 2 &&
        world.leader.config.members.some((member) => world.byHand.isByHand(member));
      await scenario.until('it is a member of the next ensemble', joined, 600_000);
      await scenario.whole();
      world.supervisor.crash(scenario.leader, 'killed');
      const leads = (): boolean => world.leader !== undefined && world.byHand.isByHand(world.leader.host);
      await scenario.until('the added server leads', leads, 120_000);
      // What a new node gets is the leader's snapshot.
      world.cloud.group.desired = 4;
      await scenario.until('there is one more', () => scenario.nodes.length === 4, 120_000);
      await scenario.whole();
    },
  },
  {
    name: 'a quorum waits for a server that somebody added and stopped: its person is asked to start it',
    nodes: 3,
    without: ['added-voter-never-asked-for'],
    play: async (scenario) => {
      const { world } = scenario;
      await scenario.whole();
      const address = await voterAdded(scenario);
      world.byHand.stop(address);
      // Of four voters two of ours are left, and three are a quorum.
      const [gone] = scenario.followers;
      assert.ok(gone);
      scenario.terminateAtOnce(gone);
      await followed(scenario, 'the cluster is whole', () => whyNotHealed(world) === undefined);
      assert.equal(scenario.records().length, 1);
    },
  },
];
