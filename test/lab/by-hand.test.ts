// SPDX-License-Identifier: Apache-2.0
/** Members and lines that a person put into the config: the ensemble goes on healing beside them, or says why not. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startByHand } from '../../lab/zookeeper/by-hand.ts';
import { zookeeperHome } from '../../lab/zookeeper/fetch.ts';
import { freeLoopbackBlock } from '../../lab/zookeeper/loopback.ts';
import type { ReconfigRequest } from '../../src/client/operations/reconfig.ts';
import { type Member, memberAt } from '../../src/model/member.ts';
import { formatMember } from '../../src/zookeeper/dynamic-config.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { oneEnsemble } from './support/agreement.ts';
import { startLab, type TestLab, waitFor } from './support/lab.ts';
import { WrittenData } from './support/written-data.ts';

const LIMIT_MS = 120_000;
/** Of two survivors: each may note the death, and on a busy machine report a lost quorum and withdraw that, twice. */
const PUTS_LIMIT = 10;

/** As a person does it: on the leader's machine, with the secret of its server. */
async function reconfigured(lab: TestLab, change: ReconfigRequest): Promise<void> {
  const leader = await lab.leader();
  const secret = readFileSync(join(lab.directoryOf(leader.instance), 'data/zk-agent/super-secret'), 'utf8').trim();
  await using client = await lab.client([leader.address ?? '']);
  await client.addAuth('digest', `super:${secret}`);
  await client.reconfig(change);
}

async function membersOf(lab: TestLab): Promise<readonly Member[]> {
  return (await lab.configOf((await lab.leader()).address ?? '')).members;
}

/** The status of the leader, once it says this: in one look a busy server may be late with its answer. */
function statusThatSays(lab: TestLab, words: RegExp): Promise<string> {
  return waitFor(
    async () => {
      const run = await lab.agent((await lab.leader()).instance, ['status']);
      assert.equal(run.code, 0, run.stderr);
      assert.match(run.stdout, words);
      return run.stdout;
    },
    { limitMs: LIMIT_MS, why: `the status says ${words}` },
  );
}

async function nobodyReports(lab: TestLab): Promise<void> {
  await waitFor(async () => (await lab.reports()).length === 0, { limitMs: LIMIT_MS, why: 'nobody reports' });
}

async function aFollower(lab: TestLab): Promise<string> {
  return (await lab.nodeWhere('a node follows', (node) => node.role === 'follower')).instance;
}

test('beside an observer that a person added the dead are replaced, and no report is written', {
  timeout: 600_000,
}, async () => {
  await using directory = await temporaryDirectory();
  await using block = await freeLoopbackBlock();
  await using lab = await startLab({ nodes: 3 });
  await lab.healthy();
  const written = await WrittenData.start(lab);
  await written.write(20);
  const observer = memberAt(200, block.address(1), 'observer');
  const unlisted = memberAt(201, block.address(2), 'observer');
  const before = await membersOf(lab);
  const servers = [];
  for (const member of [observer, unlisted]) {
    const { id, address } = member;
    const options = { directory: join(directory.path, String(id)), id, address, start: 'joiner' } as const;
    const members = [...before, member];
    servers.push(await startByHand({ ...options, members, distribution: await zookeeperHome() }));
  }
  await using first = servers[0];
  await using second = servers[1];
  assert.ok(first && second);
  await Promise.all([first.untilServing(), second.untilServing()]);
  // The second one is in its own zoo.cfg alone, and in no config of the ensemble.
  await reconfigured(lab, { joining: [formatMember(observer)] });
  const status = await statusThatSays(lab, new RegExp(`by hand +Member 200 at ${observer.address} \\(observer\\)`));
  assert.doesNotMatch(status, /Member 201/);

  const dead = await aFollower(lab);
  const survivors = (await lab.nodes()).map((node) => node.instance).filter((instance) => instance !== dead);
  const putsBefore = puts(lab, survivors);
  await lab.terminate(dead);
  await lab.untilGone([dead]);
  await written.checkOn(await oneEnsemble(lab, 3, LIMIT_MS));
  assert.ok(
    (await membersOf(lab)).some(({ id, role }) => id === 200 && role === 'observer'),
    'The observer is left alone.',
  );
  await nobodyReports(lab);
  const writes = puts(lab, survivors) - putsBefore;
  assert.ok(writes <= PUTS_LIMIT, `${writes} objects were written by the survivors.`);
  // By whoever looked: the newcomer may have removed the dead before a tick of the leader's noticed anything.
  const isNamed = async (): Promise<boolean> =>
    (await lab.nodes()).some(({ instance }) => lab.agentLog(instance).some(({ event }) => event === 'by-hand'));
  await waitFor(isNamed, { limitMs: LIMIT_MS, why: 'it is named in the log' });
  assert.equal((await lab.records()).length, 1);
});

function puts(lab: TestLab, instances: readonly string[]): number {
  return instances.flatMap((instance) => lab.callsOf(instance)).filter(({ action }) => action === 'PutObject').length;
}

test('with groups and weights in the config servers restart, nobody is removed or added, and it is said', {
  timeout: 600_000,
}, async () => {
  await using lab = await startLab({ nodes: 3 });
  await lab.healthy();
  const written = await WrittenData.start(lab);
  await written.write(20);
  const plain = (await membersOf(lab)).map(formatMember);
  const ids = (await membersOf(lab)).map(({ id }) => id);
  await reconfigured(lab, { newMembers: [...plain, `group.1=${ids.join(':')}`, ...ids.map((id) => `weight.${id}=1`)] });
  await statusThatSays(lab, /by hand +The config has lines .*group\.1=/);

  const restarted = await aFollower(lab);
  await lab.kill(restarted, 'zookeeper');
  await lab.healthy(LIMIT_MS);

  const dead = await aFollower(lab);
  await lab.terminate(dead);
  await lab.untilGone([dead]);
  const newcomer = await lab.nodeWhere(
    'a replacement waits',
    ({ said = '' }) => /is not added|no fresh config/.test(said),
    LIMIT_MS,
  );
  assert.match(newcomer.said ?? '', /group\.1=/);
  const leader = await waitFor(
    async () => {
      const run = await lab.agent((await lab.leader()).instance, ['recovery', '--dry-run']);
      assert.match(run.stdout, /stay in the config: .*group\.1=/);
      return lab.leader();
    },
    { limitMs: LIMIT_MS, why: 'the leader says why it removes nobody' },
  );
  assert.equal((await lab.configOf(leader.address ?? '')).members.length, 3, 'Nobody was removed.');
  await nobodyReports(lab);

  await reconfigured(lab, { newMembers: plain });
  await written.checkOn(await oneEnsemble(lab, 3, LIMIT_MS));
  assert.equal((await lab.records()).length, 1);
});

test('an added voter whose machine is lost is declared gone by its person, and the node that is left recovers with every write', {
  timeout: 600_000,
}, async () => {
  await using directory = await temporaryDirectory();
  await using block = await freeLoopbackBlock();
  await using lab = await startLab({ nodes: 1 });
  await lab.healthy();
  const written = await WrittenData.start(lab);
  const added = memberAt(200, block.address(1), 'participant');
  const { id, address } = added;
  const options = { directory: join(directory.path, String(id)), id, address, start: 'joiner' } as const;
  const members = [...(await membersOf(lab)), { ...added, role: 'observer' as const }];
  const server = await startByHand({ ...options, members, distribution: await zookeeperHome() });
  const { instance } = await lab.node(1);
  const declared = ['declare-gone', String(id), address, '--yes'];
  try {
    await server.untilServing();
    await reconfigured(lab, { joining: [formatMember(added)] });
    await written.write(20);
    const refused = await lab.agent(instance, declared);
    assert.notEqual(refused.code, 0, 'While its server answers, nothing waits for that word.');
    assert.match(refused.stderr, /NOT_GONE/);
  } finally {
    await server[Symbol.asyncDispose]();
  }

  await waitFor(async () => (await lab.agent(instance, declared)).code === 0, {
    limitMs: LIMIT_MS,
    why: 'the node waits for the added voter, so its person may declare it gone',
  });
  await written.checkOn(await oneEnsemble(lab, 1, LIMIT_MS));
  assert.deepEqual(
    (await lab.records()).map(({ kind }) => kind),
    ['genesis', 'forced'],
  );
  const words = [...(await lab.bucket('lineage/000001/gone/')).keys()];
  assert.equal(words.length, 1);
  assert.match(words[0] ?? '', new RegExp(`/200-at-${address.replaceAll('.', '\\.')}-`));
});
