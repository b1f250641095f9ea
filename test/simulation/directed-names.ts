// SPDX-License-Identifier: Apache-2.0
/** Scenarios of names for clients (docs/protocol.md, "Names"). */
import assert from 'node:assert/strict';
import { placeName } from '../../src/model/names.ts';
import { whyNotHealed } from './checkers/healing.ts';
import { Violation } from './core/violation.ts';
import type { Case } from './directed-cases.ts';
import { meanwhile } from './meanwhile.ts';
import { withoutSelf } from './moments.ts';
import type { Node } from './node/node.ts';
import type { Scenario } from './scenario.ts';

/** The address that clients get for the name of a place. */
function addressAt({ world }: Scenario, place: number): string | undefined {
  return world.zone && world.cloud.names.addressOf(placeName(world.zone, place), world.scheduler.nowMs);
}

function placeOf(scenario: Scenario, node: Node): number {
  const place = [1, 2, 3, 4, 5].find((each) => addressAt(scenario, each) === node.address);
  assert.ok(place, `${node.name} has no name`);
  return place;
}

/** The next ticks look at everything. */
function lookAgain(scenario: Scenario): void {
  for (const node of scenario.nodes) node.disk.vouched = undefined;
}

function isWhole({ world }: Scenario): boolean {
  return whyNotHealed(world) === undefined;
}

export const NAME_CASES: readonly Case[] = [
  meanwhile({
    name: 'a voter is removed before it claims a place',
    nodes: 3,
    named: true,
    atGenesis: true,
    step: 'claim-place',
    lead: () => undefined,
    happens: withoutSelf,
    refuses: /votes no more/,
  }),
  meanwhile({
    name: 'a place passes on before its owner writes its name',
    nodes: 3,
    named: true,
    atGenesis: true,
    step: 'write-name',
    lead: () => undefined,
    happens: ({ scenario, step }) => {
      const { place, generation } = step;
      const owner = { instance: 'i-elsewhere', address: '10.9.9.9' };
      scenario.world.cloud.objects.createOnce(`places/${place}.${generation + 1}.json`, JSON.stringify(owner));
      return () => undefined;
    },
    refuses: /has passed on/,
  }),
  {
    name: 'three nodes that claim the first place at the same time get three names',
    nodes: 3,
    named: true,
    without: ['place-not-exclusive'],
    play: async (scenario) => {
      const { world } = scenario;
      const late: (() => void)[] = [];
      world.hand = {
        holds: (_machine, label, arrive) => {
          if (late.length > 0 || !/^PutObject (once )?places\/1\.1\.json/.test(label)) return false;
          late.push(arrive);
          return true;
        },
      };
      await scenario.until('one claim is late', () => late.length > 0, 600_000);
      await scenario.until('another has the place', () => addressAt(scenario, 1) !== undefined, 600_000);
      await scenario.advance(60_000);
      late[0]?.();
      // Whoever has the place looks again, and nobody else.
      for (const node of scenario.nodes) if (node.address === addressAt(scenario, 1)) node.disk.vouched = undefined;
      await scenario.advance(60_000);
      await scenario.whole();
    },
  },
  {
    name: 'the nodes of a new cluster keep the places that they have',
    nodes: 3,
    named: true,
    without: ['place-of-a-member-taken'],
    play: async (scenario) => {
      await scenario.whole();
      const claims = (): number => scenario.world.cloud.objects.list('places/').length;
      assert.equal(claims(), 3);
      lookAgain(scenario);
      await scenario.advance(60_000);
      assert.equal(claims(), 3);
    },
  },
  {
    name: 'the write of a terminated node arrives after its successor has written: it changes nothing',
    nodes: 3,
    named: true,
    without: ['name-written-over'],
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      const [old] = scenario.followers;
      assert.ok(old);
      const place = placeOf(scenario, old);
      const late: (() => void)[] = [];
      world.hand = {
        holds: (machine, label, arrive) => {
          if (machine !== old.name || !label.startsWith('ChangeResourceRecordSets')) return false;
          late.push(arrive);
          return true;
        },
      };
      old.disk.named = undefined;
      lookAgain(scenario);
      await scenario.until('its write is on the way', () => late.length > 0, 300_000);
      await scenario.terminate(old);
      await scenario.until('a successor has the name', () => isWhole(scenario), 1_800_000);
      const heir = addressAt(scenario, place);
      for (const arrive of late) arrive();
      await scenario.advance(1_000);
      assert.equal(addressAt(scenario, place), heir);
    },
  },
  {
    name: 'a launch is over when clients find the node',
    nodes: 3,
    named: true,
    hooks: true,
    without: ['launched-before-insync'],
    play: async (scenario) => {
      await scenario.whole();
      await scenario.terminate(...scenario.followers.slice(0, 1));
      await scenario.whole();
    },
  },
  {
    name: 'Route 53 does not answer for an hour: the leader removes the dead all the same',
    nodes: 3,
    named: true,
    without: ['healing-waits-for-names'],
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      world.weather.set('route53', 'outage', 3_600_000);
      const [dead] = scenario.followers;
      assert.ok(dead);
      scenario.detach(dead);
      const isOut = (): boolean =>
        world.leader?.config.members.every(({ address }) => address !== dead.address) ?? false;
      await scenario.until('the dead is out of the config', isOut, 600_000);
      world.weather.clear();
      await scenario.whole();
    },
  },
  {
    name: 'there are fewer places: the names of members stay, and go with them',
    nodes: 3,
    named: true,
    without: ['names-of-members-removed'],
    play: async (scenario) => {
      await scenario.whole();
      const { world } = scenario;
      assert.ok(world.zone);
      world.zone = { ...world.zone, places: 1 };
      for (let tick = 0; tick < 5; tick++) {
        lookAgain(scenario);
        await scenario.advance(30_000);
      }
      const zone = world.zone;
      const missing = [1, 2, 3].filter(
        (place) => world.cloud.names.addressOf(placeName(zone, place), world.scheduler.nowMs) === undefined,
      );
      if (missing.length > 0) {
        throw new Violation(
          'names-of-members',
          `the names of the places ${missing.join(', ')} went, and members have them`,
        );
      }
    },
  },
  {
    name: 'a person changes a record, and takes another away: both are put right when their nodes look again',
    nodes: 3,
    named: true,
    play: async (scenario) => {
      await scenario.whole();
      const { names } = scenario.world.cloud;
      const before = JSON.stringify(names.list().toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)));
      const [first, second] = names.list();
      assert.ok(first && second);
      names.put({ ...first, addresses: ['192.0.2.1'] });
      names.delete(second);
      lookAgain(scenario);
      const right = (): boolean =>
        JSON.stringify(names.list().toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))) === before;
      await scenario.until('they are as before', right, 600_000);
    },
  },
];
