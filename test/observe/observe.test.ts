// SPDX-License-Identifier: Apache-2.0
/** One look at the world: in which order it asks, and what becomes of answers that are not to be had. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideNotes } from '../../src/decide/remove.ts';
import { AgentError } from '../../src/errors.ts';
import { unreadableObjects } from '../../src/facts/unreadable-objects.ts';
import { sightOf } from '../../src/loop.ts';
import { FORMATS } from '../../src/model/formats.ts';
import type { Observation } from '../../src/model/observation.ts';
import { toZxid } from '../../src/model/zxid.ts';
import { Memory } from '../../src/observe/memory.ts';
import { type Earlier, observe } from '../../src/observe/observe.ts';
import { PRODUCTION_TIMINGS } from '../../src/timings.ts';
import { MemoryNode } from '../act/memory-node.ts';
import {
  addressOf,
  CLUSTER,
  CONFIG_VERSION,
  claimOf,
  configOf,
  diskOf,
  EMPTY_DISK,
  forcedOf,
  genesisOf,
  instanceOf,
  recordMember,
  reportOf,
} from '../decide/parts.ts';

const never = new AbortController().signal;
const LEADS = { kind: 'serving', mode: 'leader', zxid: toZxid(0x100000042n) } as const;
const FOLLOWS = { kind: 'serving', mode: 'follower', zxid: toZxid(0x100000042n) } as const;

/** Node 1 of three; 3 leads. */
function cluster(): MemoryNode {
  const node = new MemoryNode();
  node.disk = diskOf(1);
  node.running = true;
  for (const id of [1, 2, 3]) {
    node.answers.set(addressOf(id), id === 3 ? LEADS : FOLLOWS);
    node.configs.set(addressOf(id), configOf([1, 2, 3]));
    node.shelf.streams.set(`${id}.1`, 3 * 3_600_000);
    node.shelf.put(`claims/${id}.1.json`, claimOf(id).owner);
  }
  node.shelf.put('lineage/000001.json', genesisOf([1, 2, 3]));
  return node;
}

function look(node: MemoryNode, memory = new Memory(), signal = never, earlier?: Earlier): Promise<Observation> {
  const self = { instance: instanceOf(node.id), address: addressOf(node.id), cluster: CLUSTER };
  const order = { command: 'recovery', allowEmptyGenesis: false, rejoin: false } as const;
  return observe({ ports: node.ports, order, self, timings: PRODUCTION_TIMINGS, memory }, signal, earlier);
}

/** Every call that begins like this fails as AWS does. */
function failing(node: MemoryNode, ...beginnings: string[]): MemoryNode {
  node.onCall = (call) => {
    if (beginnings.some((beginning) => call.startsWith(beginning))) {
      throw new AgentError('AWS_UNAVAILABLE', `${call} timed out`, 'Wait.');
    }
  };
  return node;
}

function positions(node: MemoryNode, pattern: RegExp): readonly number[] {
  return node.journal.flatMap((entry, index) => (pattern.test(entry) ? [index] : []));
}

/** Everybody is silent, node 1 too. */
function silent(): MemoryNode {
  const node = cluster();
  node.answers.clear();
  node.configs.clear();
  return node;
}

test('a healthy ensemble is seen whole', async () => {
  const seen = await look(cluster());
  assert.deepEqual(seen.ensemble, {
    leader: { id: 3, address: addressOf(3) },
    config: configOf([1, 2, 3]),
    epoch: 1,
    zxid: LEADS.zxid,
    servingIds: [1, 2, 3],
  });
  assert.equal(seen.silence.known, false);
  assert.deepEqual(seen.lives, { [instanceOf(1)]: 'alive', [instanceOf(2)]: 'alive', [instanceOf(3)]: 'alive' });
});

test('Claims 6: the config, then the claims and records, then EC2', async () => {
  const node = cluster();
  await look(node);
  const config = Math.max(...positions(node, /^config /));
  const claims = positions(node, /^(streams|list lineage|list dead|get claims)/);
  const ec2 = positions(node, /^ec2 describe/);
  assert.ok(config < Math.min(...claims), node.journal.join('\n'));
  assert.ok(Math.max(...claims) < Math.min(...ec2), node.journal.join('\n'));
});

test('Joining 1: the epoch is read after the session, and the own zxid after the leader’s', async () => {
  const node = cluster();
  await look(node);
  const session = Math.max(...positions(node, /^close 10.0.0.3/));
  const leader = positions(node, /^srvr 10.0.0.3/);
  assert.ok(
    leader.some((index) => index > session),
    node.journal.join('\n'),
  );
  assert.ok(Math.max(...positions(node, /^srvr 10.0.0.1/)) > Math.max(...leader));
});

test('Server 3: beside an ensemble, of an own server that does not say that it serves all else is asked', async () => {
  const node = cluster();
  node.answers.set(addressOf(1), { kind: 'silent', why: 'closed', closed: true });
  const { server } = await look(node);
  assert.deepEqual(server.signs, { idleForMs: 0, learners: { known: true, value: 2 } });
  failing(node, 'learners');
  assert.equal((await look(node)).server.signs?.learners.known, false);
});

test('Server 3: nothing else is asked of a server that serves, or does not run', async () => {
  const node = cluster();
  await look(node);
  node.running = false;
  node.answers.delete(addressOf(1));
  assert.equal((await look(node)).server.signs, undefined);
  assert.deepEqual(positions(node, /^learners|^server work/), []);
});

test('Joining 1: an ensemble that this node led ends with its server, in a whole look', async () => {
  const node = cluster();
  node.answers.set(addressOf(1), LEADS);
  node.answers.set(addressOf(3), FOLLOWS);
  node.onCall = (call) => {
    if (call !== 'server up?') return;
    node.running = false;
    node.answers.delete(addressOf(1));
  };
  const seen = await look(node);
  assert.equal(seen.server.upMs, undefined);
  assert.equal(seen.ensemble, undefined);
  assert.equal(seen.silence.known, false);
});

test('Joining 1: an ensemble that this node led ends with its server, in a look at the node alone', async () => {
  const node = cluster();
  node.answers.set(addressOf(1), LEADS);
  node.answers.set(addressOf(3), FOLLOWS);
  const observation = await look(node);
  assert.equal(observation.ensemble?.leader.id, 1);
  node.running = false;
  node.answers.delete(addressOf(1));
  const again = await look(node, new Memory(), never, { observation, changed: 'node' });
  assert.equal(again.ensemble, undefined);
  assert.equal(again.silence.known, false);
});

test('a leader found through the claims has its claims read again after its config', async () => {
  const node = cluster();
  node.disk = EMPTY_DISK;
  await look(node);
  assert.ok(Math.max(...positions(node, /^streams/)) > Math.max(...positions(node, /^config /)));
});

test('Claims 7: an address whose instance is not known to run is not asked', async () => {
  const node = cluster();
  node.disk = EMPTY_DISK;
  node.instances = [{ instance: instanceOf(1), state: 'running' }];
  const seen = await look(node);
  assert.equal(seen.ensemble, undefined);
  assert.deepEqual(positions(node, /^srvr 10.0.0.[23]/), []);
});

test('Claims 7: a leader most of whose voters nobody claimed is a stranger', async () => {
  const node = cluster();
  // Another cluster's member 3 stands at our address; its members 8 and 9 were never ours.
  node.configs.set(addressOf(3), { version: CONFIG_VERSION, members: configOf([3, 8, 9]).members });
  assert.equal((await look(node)).ensemble, undefined);
});

test('Claims 7: a node without a config finds a leader that nobody claimed by what its followers say', async () => {
  const node = cluster();
  node.disk = EMPTY_DISK;
  node.answers.set(addressOf(3), FOLLOWS);
  node.answers.set(addressOf(9), LEADS);
  for (const id of [1, 2, 3, 9]) node.configs.set(addressOf(id), configOf([1, 2, 3, 9]));
  const seen = await look(node);
  assert.equal(seen.ensemble?.leader.id, 9);
  assert.deepEqual(seen.ensemble?.servingIds, [1, 2, 3, 9]);
});

test('Claims 7: a node whose config is from before the addition finds the server that leads through whoever follows it', async () => {
  const node = cluster();
  node.disk = diskOf(1, { config: configOf([1, 2, 3]) });
  node.running = false;
  node.answers.delete(addressOf(1));
  node.answers.set(addressOf(3), FOLLOWS);
  node.answers.set(addressOf(9), LEADS);
  for (const id of [2, 3, 9]) node.configs.set(addressOf(id), configOf([1, 2, 3, 9]));
  assert.equal((await look(node)).ensemble?.leader.id, 9);
});

test('without an ensemble servers that a person added are asked whether they run', async () => {
  const node = silent();
  const config = { version: CONFIG_VERSION, members: configOf([1, 2, 3, 8, 9]).members };
  const { report } = reportOf(2);
  node.shelf.put('reports/i-0a02.json', { serial: 's2', report: { ...report, config } });
  node.answers.set(addressOf(9), { kind: 'not-serving' });
  const seen = await look(node);
  assert.ok(seen.silence.known);
  assert.deepEqual(
    seen.silence.value.byHand?.map(({ id }) => id),
    [9],
  );
});

test('Claims 7: a stranger with a higher zxid does not hide the own leader', async () => {
  const node = cluster();
  node.answers.set(addressOf(2), { ...LEADS, zxid: toZxid(0x900000001n) });
  node.configs.set(addressOf(2), configOf([2, 8, 9]));
  const seen = await look(node);
  assert.equal(seen.ensemble?.leader.id, 3);
});

test('Joining 1: an ensemble at or below the newest record’s floor is none', async () => {
  const node = cluster();
  node.shelf.put('lineage/000002.json', forcedOf(recordMember(2), { epochFloor: 1 }));
  assert.equal((await look(node)).ensemble, undefined);
});

test('a leader that commits no session is none, and the next one is asked', async () => {
  const node = cluster();
  node.answers.set(addressOf(2), { ...LEADS, zxid: toZxid(0x100000099n) });
  node.configs.delete(addressOf(2));
  assert.equal((await look(node)).ensemble?.leader.id, 3);
});

test('a leader that leads no more after the session is none', async () => {
  const node = cluster();
  node.onCall = (call) => {
    if (call === 'close 10.0.0.3') node.answers.set(addressOf(3), FOLLOWS);
  };
  assert.equal((await look(node)).ensemble, undefined);
});

for (const call of ['list ', 'get lineage/', 'streams', 'get claims/']) {
  test(`"${call}" that fails makes everything shared unknown, the ensemble too`, async () => {
    const seen = await look(failing(cluster(), call));
    assert.equal(seen.shared.known, false);
    assert.equal(seen.ensemble, undefined);
    assert.deepEqual(seen.lives, {});
  });
}

test('EC2 that fails leaves every life unknown, and nobody terminated', async () => {
  const seen = await look(failing(silent(), 'ec2'));
  assert.deepEqual(seen.lives, {});
  assert.deepEqual(seen.terminated, []);
  assert.equal(seen.silence.known, false);
});

test('a note of death is believed while EC2 fails to answer for nobody else', async () => {
  const node = silent();
  node.shelf.put(`dead/${instanceOf(2)}`, {});
  const seen = await look(node);
  assert.equal(seen.lives[instanceOf(2)], 'gone');
});

test('an empty answer of EC2 says nothing about young instances, and never that they are gone', async () => {
  const node = cluster();
  for (const id of [1, 2, 3]) node.shelf.streams.set(`${id}.1`, 60_000);
  node.instances = [];
  assert.deepEqual((await look(node)).lives, {});
  assert.deepEqual(positions(node, /^ec2 forgotten/), []);
});

test('an instance that EC2 has forgotten is gone once its claim is older than two hours', async () => {
  const node = cluster();
  node.instances = node.instances.filter(({ instance }) => instance !== instanceOf(2));
  node.shelf.agesMs.set('claims/2.1.json', 7_200_000);
  assert.equal((await look(node)).lives[instanceOf(2)], undefined);
  node.shelf.agesMs.set('claims/2.1.json', 7_200_001);
  assert.equal((await look(node)).lives[instanceOf(2)], 'gone');
});

test('the youngest claim of a forgotten instance has to be old: with it EC2 may not know the instance yet', async () => {
  const node = cluster();
  node.instances = node.instances.filter(({ instance }) => instance !== instanceOf(2));
  node.shelf.agesMs.set('claims/2.1.json', 7_200_001);
  node.shelf.streams.set('4.1', 60_000);
  node.shelf.put('claims/4.1.json', claimOf(2).owner);
  node.shelf.agesMs.set('claims/4.1.json', 60_000);
  assert.equal((await look(node)).lives[instanceOf(2)], undefined);
  assert.deepEqual(positions(node, /^ec2 forgotten/), []);
  node.shelf.agesMs.set('claims/4.1.json', 7_200_001);
  assert.equal((await look(node)).lives[instanceOf(2)], 'gone');
});

test('the terminated are gone, the shutting down are not, and the stopped live', async () => {
  const node = cluster();
  node.instances = [
    { instance: instanceOf(1), state: 'stopped' },
    { instance: instanceOf(2), state: 'shutting-down' },
    { instance: instanceOf(3), state: 'terminated' },
  ];
  const seen = await look(node);
  assert.equal(seen.lives[instanceOf(2)], 'shutting-down');
  assert.equal(seen.lives[instanceOf(3)], 'gone');
  assert.notEqual(seen.lives[instanceOf(1)], 'gone');
  assert.deepEqual(seen.terminated, [instanceOf(3)]);
});

test('a group that can not be read, or that the instance is not in yet, is unknown', async () => {
  assert.equal((await look(failing(cluster(), 'group'))).group.known, false);
  const node = cluster();
  const ports = { ...node.ports, autoScaling: { ...node.ports.autoScaling, groupOf: async () => undefined } };
  const seen = await observe(
    {
      ports,
      order: { command: 'recovery', allowEmptyGenesis: false, rejoin: false },
      self: { instance: instanceOf(1), address: addressOf(1), cluster: CLUSTER },
      timings: PRODUCTION_TIMINGS,
      memory: new Memory(),
    },
    never,
  );
  assert.equal(seen.group.known, false);
});

test('a target state that can not be read is unknown, and one that is not there yet is known to be none', async () => {
  assert.equal((await look(failing(cluster(), 'target state'))).targetState.known, false);
  const node = cluster();
  node.targetState = undefined;
  assert.deepEqual((await look(node)).targetState, { known: true, value: undefined });
});

test('silence is known only with the group, the tagged instances, the reports and the announcements', async () => {
  const node = silent();
  node.shelf.put(`reports/${instanceOf(2)}.json`, { serial: 's2', report: reportOf(2).report });
  node.shelf.put('lineage/000001/started/3.json', { record: 1, id: 3, nonce: 'n' });
  const seen = await look(node);
  assert.ok(seen.silence.known);
  assert.deepEqual(
    seen.silence.value.reports.map(({ serial }) => serial),
    ['s2'],
  );
  assert.deepEqual(seen.silence.value.announcements, [{ record: 1, id: 3, nonce: 'n' }]);
  assert.deepEqual([...seen.silence.value.instances].sort(), [1, 2, 3].map(instanceOf));
  for (const call of ['group', 'ec2 cluster', 'list ', 'get reports', 'get lineage/000001/started']) {
    const part = silent();
    part.shelf.put(`reports/${instanceOf(2)}.json`, { serial: 's2', report: reportOf(2).report });
    assert.equal((await look(failing(part, call))).silence.known, false, call);
  }
});

test('what became of proposals for the next record is read where there is such a thing, and costs nothing where not', async () => {
  const node = silent();
  const before = await look(node);
  assert.ok(before.silence.known);
  assert.deepEqual(before.silence.value.outcomes, []);
  assert.deepEqual(positions(node, /outcomes/), []);
  const other = silent();
  for (const [number, proposal] of [
    [2, 'p1'],
    [1, 'p0'],
  ] as const)
    other.shelf.put(`lineage/00000${number}/outcomes/${proposal}.json`, { format: 1, kind: 'void', proposal, number });
  const seen = await look(other);
  assert.ok(seen.silence.known);
  assert.deepEqual(
    seen.silence.value.outcomes?.map(({ proposal }) => proposal),
    ['p1'],
  );
});

test('a report that can not be understood is named, and its instance is among those to be heard', async () => {
  const node = silent();
  node.shelf.objectsByKey.set('reports/i-lost.json', { body: '', etag: 'e' });
  node.shelf.objectsByKey.set('reports/', { body: '', etag: 'e' });
  const { silence } = await look(node);
  assert.ok(silence.known);
  assert.deepEqual(silence.value.unreadable, [{ instance: 'i-lost', key: 'reports/i-lost.json', why: 'it is empty' }]);
  assert.ok(silence.value.instances.includes('i-lost'));
});

test('whoever stands in the group, carries the tag, or claimed an id is among those to be heard', async () => {
  const node = silent();
  node.group = { ...node.group, instances: [{ instance: 'i-group', lifecycleState: 'Pending' }] };
  node.instances = [...node.instances, { instance: 'i-tagged', state: 'running' }];
  const seen = await look(node);
  assert.ok(seen.silence.known);
  const expected = [...[1, 2, 3].map(instanceOf), 'i-group', 'i-tagged'].sort();
  assert.deepEqual([...seen.silence.value.instances].sort(), expected);
});

test('one process counts for how long an instance is listed without a claim, and starts anew when it was not listed', async () => {
  const node = silent();
  const memory = new Memory();
  const unclaimed = async (): Promise<Readonly<Record<string, number>>> => {
    const { silence } = await look(node, memory);
    assert.ok(silence.known);
    return silence.value.unclaimedForMs;
  };
  node.instances = [...node.instances, { instance: 'i-new', state: 'running' }];
  assert.deepEqual(await unclaimed(), { 'i-new': 0 });
  node.nowMs += 20_000;
  assert.deepEqual(await unclaimed(), { 'i-new': 20_000 });
  node.instances = node.instances.slice(0, 3);
  assert.deepEqual(await unclaimed(), {});
  node.instances = [...node.instances, { instance: 'i-new', state: 'running' }];
  assert.deepEqual(await unclaimed(), { 'i-new': 0 });
});

test('an abort ends the look instead of making facts unknown', async () => {
  const abort = new AbortController();
  const node = cluster();
  node.onCall = (call) => {
    if (!call.startsWith('streams')) return;
    abort.abort(new Error('enough'));
    throw new Error('cut off');
  };
  await assert.rejects(look(node, new Memory(), abort.signal), /enough/);
});

test('a disk that can not be read is no node without data: the look ends', async () => {
  await assert.rejects(look(failing(cluster(), 'disk read')), /timed out/);
});

test('a newer note of a death proves nothing: EC2 says who lives, the key is named, and the note is not written again', async () => {
  const [two, three] = [instanceOf(2), instanceOf(3)];
  const node = cluster();
  node.shelf.put(`dead/${two}`, { format: FORMATS.death + 1 });
  node.shelf.put(`dead/${three}`, { format: FORMATS.death + 1 });
  node.instances = node.instances.map((fact) => (fact.instance === three ? { ...fact, state: 'terminated' } : fact));
  const observation = await look(node);
  assert.equal(observation.lives[two], 'alive');
  assert.equal(observation.lives[three], 'gone');
  assert.ok(observation.shared.known);
  assert.deepEqual(observation.shared.value.dead, []);
  assert.deepEqual(
    unreadableObjects(observation).map(({ key, why }) => [key, /newer release/.test(why)]),
    [
      [`dead/${two}`, true],
      [`dead/${three}`, true],
    ],
  );
  assert.match(
    sightOf(observation),
    new RegExp(`dead/${two} can't be understood \\(it was written by a newer release`),
  );
  assert.equal(decideNotes(observation), undefined);
  // Without the note there would be one to write.
  node.shelf.objectsByKey.delete(`dead/${three}`);
  assert.equal(decideNotes(await look(node))?.kind, 'step');
});

test('a note of a death that can not be read leaves all that AWS shares unknown', async () => {
  const node = cluster();
  node.shelf.put(`dead/${instanceOf(2)}`, {});
  const { shared } = await look(failing(node, `get dead/`));
  assert.equal(shared.known, false);
});
