// SPDX-License-Identifier: Apache-2.0
/** Survivors whose disks disagree with the world: an old config, a config that never committed, unequal data. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { epochOf } from '../../src/model/zxid.ts';
import { LAB_TIMINGS } from '../../src/timings.ts';
import { readConfig } from '../../src/zookeeper/config-directory.ts';
import { nothingVanishesFrom, oneEnsemble } from './support/agreement.ts';
import { startLab, staysSo, type TestLab, waitFor } from './support/lab.ts';
import { bootstrapped, letTheOthersGo, untilVoters } from './support/survivors.ts';
import { wholeRun } from './support/whole-run.ts';
import { WrittenData } from './support/written-data.ts';

const LIMIT_MS = 150_000;

function confOf(lab: TestLab, instance: string): string {
  return join(lab.directoryOf(instance), 'conf');
}

test('a survivor with an old config beside newer members recovers nothing: they have not been heard', {
  timeout: 600_000,
}, async () => {
  await using lab = await startLab({ nodes: 3 });
  await lab.healthy();
  const leader = (await lab.leader()).instance;
  const first = (await lab.nodes()).map((node) => node.instance);
  const old = first.find((instance) => instance !== leader) ?? '';
  const written = await WrittenData.start(lab);
  await written.write(50);
  await written.reaches(lab.host(old).address);
  const check = nothingVanishesFrom(lab, [old]);
  await lab.powerOff(old);

  // While it is off, everybody whom it knows is replaced.
  await lab.scale(5);
  await untilVoters(lab, 5, []);
  const others = first.filter((instance) => instance !== old);
  const addresses: string[] = [];
  for (const instance of others) {
    addresses.push(lab.host(instance).address);
    await lab.terminate(instance);
    await lab.untilGone([instance]);
    await untilVoters(lab, 5, addresses);
  }
  await written.write(100);
  const known =
    (
      await readConfig({ confDir: confOf(lab, old), dynamicFile: join(confOf(lab, old), 'zoo.cfg.dynamic') })
    )?.members.map((member) => member.address) ?? [];
  assert.deepEqual(known.toSorted(), [...addresses, lab.host(old).address].toSorted(), 'It knows the dead alone.');

  const newer = (await lab.nodes()).map((node) => node.instance).filter((instance) => instance !== old);
  for (const instance of newer) lab.host(instance).machine.pause();
  lab.powerOn(old);
  const isNamed = (why: unknown): boolean =>
    typeof why === 'string' && why.includes('lost for good') && newer.every((instance) => why.includes(instance));
  await waitFor(() => lab.agentLog(old).some((line) => isNamed(line.why)), {
    limitMs: LIMIT_MS,
    why: 'it takes its quorum for lost and names who has not reported',
  });
  await staysSo(async () => (await lab.records()).length === 1, {
    limitMs: 2.5 * LAB_TIMINGS.recoveryQuietMs,
    why: 'nothing is recovered by force',
  });
  for (const instance of newer) lab.host(instance).machine.resume();
  await written.checkOn(await oneEnsemble(lab, 5));
  assert.equal((await lab.records()).length, 1);
  check();
});

test('a left-over zoo.cfg.dynamic.next does not keep the survivor from its forced start', {
  timeout: 500_000,
}, async () => {
  await using lab = await startLab({ nodes: 3, ticks: 'never' });
  await lab.healthy();
  await bootstrapped(lab);
  const leader = await lab.leader();
  const followers = (await lab.nodes()).filter((node) => node.instance !== leader.instance);
  const written = await WrittenData.start(lab);
  await written.write(50);
  const check = nothingVanishesFrom(lab, [leader.instance]);
  const next = join(confOf(lab, leader.instance), 'zoo.cfg.dynamic.next');

  // A reconfiguration that the leader has proposed and that nobody can acknowledge any more.
  const secret = readFileSync(join(lab.directoryOf(leader.instance), 'data/zk-agent/super-secret'), 'utf8').trim();
  await using client = await lab.client([leader.address ?? '']);
  await client.addAuth('digest', `super:${secret}`);
  for (const node of followers) lab.host(node.instance).machine.pause();
  const proposed = client.reconfig({ leaving: [followers[0]?.id ?? 0] }).then(
    () => 'committed',
    () => 'lost',
  );
  await waitFor(() => existsSync(next), { limitMs: LIMIT_MS, why: 'the reconfiguration is proposed' });
  lab.setBootPlan({ bootstrap: true, ticks: 5 });
  for (const node of followers) await lab.terminate(node.instance);
  await lab.untilGone(followers.map((node) => node.instance));
  await client.close();
  assert.equal(await proposed, 'lost');
  assert.ok(existsSync(next), 'The proposed config is left over.');

  await wholeRun(lab, leader.instance, ['recovery']);
  await written.checkOn(await oneEnsemble(lab, 3));
  const records = await lab.records();
  assert.ok(records.length === 2 && records[1]?.kind === 'forced' && records[1].owner.instance === leader.instance);
  const aside = join(confOf(lab, leader.instance), 'aside');
  const kept = readdirSync(aside).filter((name) => existsSync(join(aside, name, 'zoo.cfg.dynamic.next')));
  assert.equal(kept.length, 1, 'What was proposed is kept aside.');
  check();
});

test('survivors that differ', { timeout: 600_000 }, async (t) => {
  await using lab = await startLab({ nodes: 5, ticks: 'never' });
  await lab.healthy();
  await bootstrapped(lab);
  const leader = await lab.leader();
  const nodes = (await lab.nodes()).toSorted((one, other) => (one.id ?? 0) - (other.id ?? 0));
  const followers = nodes.map((node) => node.instance).filter((instance) => instance !== leader.instance);
  // Of equal data the highest id would be chosen: the better data must be under the lower one.
  const [longer = '', shorter = ''] = [followers.at(0), followers.at(-1)];
  const promised = 9;
  const written = await WrittenData.start(lab);
  await written.write(50);
  await written.reaches(lab.host(shorter).address);
  await lab.powerOff(shorter);
  await written.write(100);
  await written.reaches(lab.host(longer).address);
  lab.setBootPlan({ bootstrap: false, ticks: 'never' });
  const lost = nodes.map((node) => node.instance).filter((instance) => instance !== longer && instance !== shorter);
  for (const instance of lost) await lab.terminate(instance);
  await lab.untilGone(lost);
  const check = nothingVanishesFrom(lab, [longer, shorter]);
  const epochFile = join(lab.directoryOf(shorter), 'data/version-2/acceptedEpoch');
  assert.ok(Number(readFileSync(epochFile, 'utf8')) < promised);
  // It took part in elections that came to nothing: it has promised more than anybody has data of.
  writeFileSync(epochFile, String(promised));
  await letTheOthersGo(lab, []);
  const addresses = await oneEnsemble(lab, 5);
  const [, forced, ...more] = await lab.records();
  assert.deepEqual(more, []);
  assert.ok(forced?.kind === 'forced');

  await t.test('survivors with logs of different lengths: the better one is chosen', async () => {
    assert.equal(forced.owner.instance, longer);
    await written.checkOn(addresses);
    check();
  });

  await t.test('a node whose accepted epoch is ahead can still join the forced ensemble', async () => {
    assert.ok(forced.epochFloor >= promised, `The floor is ${forced.epochFloor}.`);
    const serving = await waitFor(
      async () => {
        const answer = await lab.srvr(lab.host(shorter).address);
        return answer.kind === 'serving' && answer;
      },
      { limitMs: LIMIT_MS, why: 'it follows' },
    );
    assert.ok(epochOf(serving.zxid) > promised, 'In an epoch above its promise.');
    await written.checkOn([lab.host(shorter).address]);
  });
});
