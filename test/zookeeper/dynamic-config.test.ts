// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Member } from '../../src/model/member.ts';
import { formatMember, parseDynamicConfig, versionOfFileName } from '../../src/zookeeper/dynamic-config.ts';
import { type Random, randomOf } from '../support/random.ts';

const ROUNDS = 500;

function randomAddress(random: Random): string {
  const byte = (): number => random.between(0, 255);
  const group = (): string => random.between(0, 0xffff).toString(16);
  return random.pick([
    () => `${byte()}.${byte()}.${byte()}.${byte()}`,
    () => `fd00::${group()}:${group()}`,
    () => Array.from({ length: 8 }, group).join(':'),
    () => `ip-10-0-0-${byte()}.example.internal`,
    () => `zk_${byte()}.orders_db.internal`,
  ])();
}

function randomMember(id: number, random: Random): Member {
  const withClient = random.between(0, 4) > 0;
  return {
    id,
    address: randomAddress(random),
    quorumPort: random.between(1, 65_535),
    electionPort: random.between(1, 65_535),
    role: random.pick(['participant', 'observer']),
    clientAddress: withClient ? randomAddress(random) : '0.0.0.0',
    clientPort: withClient ? random.between(1, 65_535) : 0,
  };
}

describe('dynamic config', () => {
  it('reads what it writes, whatever the members', () => {
    for (let seed = 1; seed <= ROUNDS; seed++) {
      const random = randomOf(seed);
      const ids = [...new Set(Array.from({ length: random.between(1, 9) }, () => random.between(1, 255)))];
      const members = ids.sort((a, b) => a - b).map((id) => randomMember(id, random));
      const version = random.between(1, 0x7fff_ffff).toString(16);
      const text = [...members.map(formatMember), `version=${version}`].join('\n');
      assert.deepEqual(parseDynamicConfig(text), { version: version.padStart(16, '0'), members }, `seed ${seed}`);
    }
  });

  it('reads every form that ZooKeeper accepts', () => {
    const read = (value: string): Member | undefined => parseDynamicConfig(`server.3=${value}`).members[0];
    const member: Member = {
      id: 3,
      address: '10.0.0.3',
      quorumPort: 2888,
      electionPort: 3888,
      role: 'participant',
      clientAddress: '0.0.0.0',
      clientPort: 2181,
    };
    assert.deepEqual(read('10.0.0.3:2888:3888;2181'), member);
    assert.deepEqual(read('10.0.0.3:2888:3888:PARTICIPANT;2181'), member);
    assert.deepEqual(read('10.0.0.3:2888:3888:observer;2181'), { ...member, role: 'observer' });
    assert.deepEqual(read('10.0.0.3:2888:3888'), { ...member, clientPort: 0 });
    assert.deepEqual(read('10.0.0.3:2888:3888;127.0.0.1:2181'), { ...member, clientAddress: '127.0.0.1' });
    assert.deepEqual(read('[fd00::3]:2888:3888;[fd00::3]:2181'), {
      ...member,
      address: 'fd00::3',
      clientAddress: 'fd00::3',
    });
    assert.deepEqual(parseDynamicConfig('#Mon Jan 1\nserver.3=10.0.0.3\\:2888\\:3888\\:participant;2181\r\n').members, [
      member,
    ]);
  });

  for (const host of ['zk', 'zk-1.example.internal', 'zk_1', '_zk.orders_db.internal', '1zk.EXAMPLE.internal.']) {
    it(`reads the host name "${host}" wherever an address may stand, and writes it as it was`, () => {
      const lines = [
        `server.1=${host}:2888:3888:participant;${host}:2181`,
        `server.2=${host}:2888:3888:observer`,
        `server.3=10.0.0.3:2888:3888|${host}:2888:3888:participant;${host}:2181`,
      ];
      const escaped = `server.4=${host}\\:2888\\:3888\\:participant;${host}\\:2181`;
      const { members, notUnderstood } = parseDynamicConfig([...lines, escaped].join('\n'));
      assert.equal(notUnderstood, undefined);
      const [first, second, third, fourth] = members;
      assert.deepEqual([first?.address, first?.clientAddress, first?.clientPort], [host, host, 2181]);
      assert.deepEqual([second?.address, second?.clientAddress, second?.clientPort], [host, '0.0.0.0', 0]);
      assert.deepEqual([third?.address, third?.clientAddress, third?.clientPort], ['10.0.0.3', host, 2181]);
      assert.deepEqual(fourth, { ...first, id: 4 });
      assert.deepEqual(members.slice(0, 3).map(formatMember), lines);
    });
  }

  for (const text of ['', '\n', ' \r\n\n', '#Mon Jan 01 00:00:00 UTC 2026\n', '# server.1=10.0.0.1:2888:3888;2181']) {
    it(`an empty config, ${JSON.stringify(text)}, names nobody and has no version`, () => {
      assert.deepEqual(parseDynamicConfig(text), { version: '0000000000000000', members: [] });
    });
  }

  it('a config with a version alone names nobody', () => {
    assert.deepEqual(parseDynamicConfig('version=100000003\n'), { version: '0000000100000003', members: [] });
  });

  it('writes IPv6 addresses in brackets', () => {
    const [member] = parseDynamicConfig('server.1=[fd00::1]:2888:3888:observer;[::1]:2181').members;
    assert.ok(member);
    assert.equal(formatMember(member), 'server.1=[fd00::1]:2888:3888:observer;[::1]:2181');
  });

  const NOT_UNDERSTOOD = [
    'server.1',
    'server.1=',
    'server.1=;2181',
    'server.1=:2888:3888;2181',
    '=10.0.0.1:2888:3888;2181',
    'server.x=10.0.0.1:2888:3888;2181',
    'server.-1=10.0.0.1:2888:3888;2181',
    'server.1=10.0.0.1:2888;2181',
    'server.1=10.0.0.1:2888:3888:leader;2181',
    'server.1=10.0.0.1:2888:3888:observer:more;2181',
    'server.1=10.0.0.1:0:3888;2181',
    'server.1=10.0.0.1:2888:65536;2181',
    'server.1=10.0.0.1:2888:3888;10.0.0.1:2181:1',
    'server.1=10.0.0.1:2888:3888;2181;2182;2183',
    'server.1=10.0.0.1:2888:3888;2181;x',
    'server.1=10.0.0.1:2888:3888:observer|10.0.0.2:2888:3888:participant;2181',
    'server.1=10.0.0.1:2888:3888|10.0.0.2;2181',
    'server.1=[fd00::1:2888:3888;2181',
    'server.1=[10.0.0.1]:2888:3888;2181',
    'server.1=[fd00::1]2888:3888;2181',
    'version=xyz',
    'version=',
    'group.1=1:2',
    'weight.1=3',
    'someday=more',
  ];
  for (const line of NOT_UNDERSTOOD) {
    it(`keeps "${line}", which it can't understand, and reads the rest`, () => {
      const good = 'server.9=10.0.0.9:2888:3888;2181';
      const { members, notUnderstood } = parseDynamicConfig(`${good}\n${line}\n`);
      assert.deepEqual(
        members.map(({ id }) => id),
        [9],
      );
      assert.deepEqual(notUnderstood, [line]);
    });
  }

  it('keeps the second line of an id that stands in it twice', () => {
    const [first, second] = ['server.9=10.0.0.9:2888:3888;2181', 'server.9=10.0.0.8:2888:3888;2181'];
    const { members, notUnderstood } = parseDynamicConfig(`${first}\n${second}`);
    assert.equal(members[0]?.address, '10.0.0.9');
    assert.deepEqual(notUnderstood, [second]);
  });

  const BY_HAND = [
    'server.0=10.0.0.1:2888:3888:participant;10.0.0.1:2181',
    'server.1000=10.0.0.1:2888:3888:observer;10.0.0.1:2181',
    'server.1=10.0.0.1:2888:3888|10.1.0.1:2888:3888:participant;10.0.0.1:2181',
    'server.1=10.0.0.1:2888:3888:observer|10.1.0.1:2888:3888:observer;2181',
    'server.1=10.0.0.1:2888:3888:participant;10.0.0.1:2181;10.0.0.1:2281',
    'server.1=10.0.0.1:2888:3888:participant;;2281',
  ];
  for (const line of BY_HAND) {
    it(`reads "${line}" and writes it as it was`, () => {
      const { members, notUnderstood } = parseDynamicConfig(`${line}\nversion=1`);
      assert.equal(notUnderstood, undefined);
      const [member] = members;
      assert.ok(member);
      assert.equal(member.address, '10.0.0.1');
      assert.equal(member.role, line.includes('observer') ? 'observer' : 'participant');
      assert.equal(formatMember(member), line);
    });
  }

  it('takes the version from the name of a file', () => {
    assert.equal(versionOfFileName('zoo.cfg.dynamic.100000003'), '0000000100000003');
    assert.equal(versionOfFileName('zoo.cfg.dynamic'), '0000000000000000');
    assert.equal(versionOfFileName('zoo.cfg.dynamic.next'), '0000000000000000');
  });
});
