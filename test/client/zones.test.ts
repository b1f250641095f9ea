// SPDX-License-Identifier: Apache-2.0
/** `preferZone`: which servers are in the own zone, and the order in which they are tried. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ClientOptions, type ZonePreference, ZookeeperClient } from '../../src/client/index.ts';
import { parseServers, ServerRound } from '../../src/client/servers.ts';
import { ownZoneOf } from '../../src/client/zones.ts';

const SERVERS = { a: ['10.0.0.1', 'Name-A', '[fd00::1]:2182', 'fd00::2'], b: ['10.0.0.2:2181', '10.0.0.2:2183'] };

test('zones by name: with a port or for any', () => {
  const isA = ownZoneOf({ zone: 'a', servers: SERVERS });
  const isB = ownZoneOf({ zone: 'b', servers: SERVERS });
  const [one, name, wrong, six, other, third, strange] = parseServers(
    '10.0.0.1:7,name-a,[fd00::1]:2181,[fd00::2]:9,10.0.0.2:2183,10.0.0.2:2184,10.0.0.3',
  );
  assert.ok(one && name && wrong && six && other && third && strange);
  assert.deepEqual([one, name, wrong, six, other, third, strange].map(isA), [
    true,
    true,
    false,
    true,
    false,
    false,
    false,
  ]);
  assert.deepEqual([one, other, third, strange].map(isB), [false, true, false, false]);
});

test('zones by a function', () => {
  const isOwn = ownZoneOf({ zone: 'x', servers: ({ host, port }) => (host === 'h' && port === 1 ? 'x' : undefined) });
  assert.ok(isOwn({ host: 'h', port: 1 }));
  assert.ok(!isOwn({ host: 'h', port: 2 }));
});

const BAD: readonly (readonly [string, ZonePreference])[] = [
  ['no zone', { zone: '', servers: SERVERS }],
  ['a zone without servers', { zone: 'c', servers: SERVERS }],
  ['an empty zone', { zone: 'c', servers: { ...SERVERS, c: [] } }],
  ['a server in two zones', { zone: 'a', servers: { ...SERVERS, c: ['10.0.0.1'] } }],
  ['what is no server', { zone: 'a', servers: { a: ['a b'] } }],
  ['two servers in one', { zone: 'a', servers: { a: ['a,b'] } }],
];

for (const [what, preferZone] of BAD) {
  test(`refused with BAD_REQUEST: ${what}`, () => {
    const options: ClientOptions = { preferZone };
    assert.throws(() => new ZookeeperClient(options), { code: 'BAD_REQUEST' });
  });
}

test('a round begins with the own zone each time; those that are not listed come last', () => {
  const isOwn = ownZoneOf({ zone: 'own', servers: { own: ['a', 'c', 'e'] } });
  const round = new ServerRound(parseServers('a,b,c,d'), Math.random, isOwn);
  const hosts = (count: number) => Array.from({ length: count }, () => round.next().server.host);
  for (let again = 0; again < 5; again++) {
    assert.deepEqual(hosts(2).toSorted(), ['a', 'c']);
    assert.deepEqual(hosts(2).toSorted(), ['b', 'd']);
  }
  round.prefer({ server: { host: 'd', port: 1 }, address: '127.0.0.4' });
  assert.deepEqual(round.next(), { server: { host: 'd', port: 1 }, address: '127.0.0.4' });
  round.rest();
  // After a loss the other one of the zone is next, not the one that was lost.
  const [lost] = hosts(1);
  round.rest();
  assert.notEqual(hosts(1)[0], lost);
  assert.ok(round.follow(parseServers('e,b,f')));
  assert.ok(!round.follow(parseServers('f,e,b')));
  assert.deepEqual(round.listed.map(({ host }) => host).toSorted(), ['b', 'e', 'f']);
  round.rest();
  const order = hosts(6);
  assert.equal(order[0], 'e');
  assert.deepEqual(order.slice(1, 3).toSorted(), ['b', 'f']);
  assert.deepEqual(order.slice(3).toSorted(), ['a', 'c', 'd']);
});
