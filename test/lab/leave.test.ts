// SPDX-License-Identifier: Apache-2.0
/** `zk-agent leave`, on followers and on leaders, and `--rejoin`. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LAB_TIMINGS } from '../../src/timings.ts';
import { readDataDirectory } from '../../src/zookeeper/data-directory.ts';
import { oneEnsemble } from './support/agreement.ts';
import { startLab, type TestLab, waitFor } from './support/lab.ts';
import { onceSo, stepsOf, succeeds, voterIdsOn } from './support/person-commands.ts';
import { bootstrapped } from './support/survivors.ts';
import { errorOf, lineOf } from './support/told.ts';
import { wholeRun } from './support/whole-run.ts';
import { WrittenData } from './support/written-data.ts';

const LIMIT_MS = 120_000;
/** A command that can only wait gives up after this. */
const SHORT = { TIMINGS: JSON.stringify({ ...LAB_TIMINGS, tickLimitMs: 4_000, bootstrapLimitMs: 4_000 }) };

/** Takes the node out with `zk-agent leave` and checks that it went as it should. */
async function leave(lab: TestLab, instance: string): Promise<void> {
  const { address } = lab.host(instance);
  const before = await lab.configOf(address);
  const run = await succeeds(lab.agent(instance, ['leave']));
  // Between its removal and the election that follows it the leader may find nobody to follow, reports,
  // and withdraws the report in the end.
  const steps = stepsOf(run).filter((step) => step !== 'write-report' && step !== 'withdraw-report');
  assert.deepEqual(steps, ['mark-left', 'remove-self', 'stop-removed'], run.stdout);
  assert.deepEqual(lab.host(instance).machine.zookeeperProcesses(), [], 'Its server is stopped.');

  const others = before.members.filter((member) => member.address !== address);
  for (const other of others) {
    await waitFor(async () => (await lab.srvr(other.address)).kind === 'serving', {
      limitMs: LIMIT_MS,
      why: 'it serves',
    });
    const config = await lab.configOf(other.address);
    assert.deepEqual(config.members, others, 'The config is without it, and with everybody else.');
    const data = await readDataDirectory(
      join(lab.directoryOf(instance), 'data', 'version-2'),
      AbortSignal.timeout(LIMIT_MS),
    );
    // The later write is in its own log as well if its server answered then. A leader may not, between its removal and
    // the election of the next one (test/act/order holds the order of the step).
    assert.ok((data?.lastZxid ?? '') >= config.version, 'Its own server committed its removal before it stopped.');
  }
}

/** Neither ticks nor a boot bring a node back that was told to leave. */
async function staysOut(lab: TestLab, instance: string, others: string): Promise<void> {
  const config = await lab.configOf(others);
  for (const command of ['recovery', 'bootstrap', 'recovery']) {
    const run = await succeeds(lab.agent(instance, [command]));
    assert.match(String(lineOf(run, 'done').why), /has left/);
  }
  await lab.reboot(instance);
  assert.equal(await lab.host(instance).machine.bootstrapped, 0);
  await succeeds(lab.agent(instance, ['recovery']));
  assert.deepEqual(lab.host(instance).machine.zookeeperProcesses(), []);
  assert.deepEqual(await lab.configOf(others), config);
}

test('leave on a follower, then on the leader, of 3; the mark outlives ticks and boots; --rejoin brings both back', {
  timeout: 500_000,
}, async () => {
  await using lab = await startLab({ nodes: 3, ticks: 'never' });
  await lab.healthy();
  await bootstrapped(lab);
  const written = await WrittenData.start(lab);
  await written.write(50);
  const first = await lab.leader();
  const [follower, other] = await lab.followers(2);
  assert.ok(follower?.address && other?.address && first.address);

  await lab.pause(other.instance);
  // A look that the leader was too slow for says that nobody serves.
  const held = /only 1 of the other 2 voters serve/;
  await onceSo('a dry run says who serves', async () => {
    const dry = await succeeds(lab.agent(follower.instance, ['leave', '--dry-run']));
    assert.match(String(lineOf(dry, 'dry-run').why), held);
  });
  await onceSo('it gives up and says why', async () =>
    assert.match(errorOf(await lab.agent(follower.instance, ['leave'], { environment: SHORT })).saw, held),
  );
  await lab.resume(other.instance);
  await waitFor(async () => (await lab.srvr(other.address ?? '')).kind === 'serving', {
    limitMs: LIMIT_MS,
    why: 'it is back',
  });
  assert.equal((await voterIdsOn(lab, first.address)).length, 3, 'Nobody was removed while it would cost the quorum.');
  await wholeRun(lab, follower.instance, ['recovery']);
  assert.equal((await lab.followers(2)).length, 2, 'Giving up left no mark.');

  await leave(lab, follower.instance);
  await written.write(20, [first.address]);
  await staysOut(lab, follower.instance, first.address);

  await leave(lab, first.instance);
  await written.write(20, [other.address]);
  await staysOut(lab, first.instance, other.address);
  assert.deepEqual(await voterIdsOn(lab, other.address), [other.id]);
  await onceSo('the last voter is refused', async () =>
    assert.match(errorOf(await lab.agent(other.instance, ['leave'], { environment: SHORT }), 2).saw, /last voter/),
  );
  assert.deepEqual(await voterIdsOn(lab, other.address), [other.id], 'The last voter stays.');
  assert.ok(!existsSync(join(lab.directoryOf(other.instance), 'data', 'zk-agent', 'left')));

  for (const node of [first, follower]) {
    await succeeds(lab.agent(node.instance, ['bootstrap', '--rejoin']));
    assert.equal((await lab.node(node.id ?? 0)).instance, node.instance, 'It has its id again.');
  }
  await written.checkOn(await oneEnsemble(lab, 3));
  assert.equal((await lab.records()).length, 1);
});

test('leave on the leader of 5, and on the leader after it: what was acknowledged before and after is everywhere', {
  timeout: 500_000,
}, async () => {
  await using lab = await startLab({ nodes: 5, ticks: 'never' });
  await lab.healthy();
  await bootstrapped(lab);
  const written = await WrittenData.start(lab);
  const left: string[] = [];
  for (const voters of [4, 3]) {
    const leader = await lab.leader();
    const others = (await lab.nodes()).filter(
      (node) => node.instance !== leader.instance && !left.includes(node.instance),
    );
    const addresses = others.map((node) => node.address ?? '');
    await written.write(50);
    await leave(lab, leader.instance);
    left.push(leader.instance);
    await written.write(50, addresses);
    await written.checkOn(addresses);
    assert.equal((await voterIdsOn(lab, addresses[0] ?? '')).length, voters);
  }
});
