// SPDX-License-Identifier: Apache-2.0
/** The owner of a forced record: crashes around its stamp, its own death, and reports that are left over. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { Report } from '../../src/model/records.ts';
import { LAB_TIMINGS } from '../../src/timings.ts';
import { oneEnsemble } from './support/agreement.ts';
import { type KillPoint, killedAt } from './support/kill-at.ts';
import { staysSo, type TestLab, waitFor } from './support/lab.ts';
import { letTheOthersGo, loseMajority, untilVoters } from './support/survivors.ts';
import { wholeRun } from './support/whole-run.ts';

const LIMIT_MS = 150_000;

function stampedLineage(lab: TestLab, instance: string): number {
  const file = join(lab.directoryOf(instance), 'data', 'zk-agent', 'stamp.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { lineage: number }).lineage;
}

async function ownersOf(lab: TestLab): Promise<readonly string[]> {
  return (await lab.records()).map((record) => (record.kind === 'forced' ? record.owner.instance : record.kind));
}

test('a forced owner that crashes before its stamp, after it, and after its ensemble grew founds one ensemble', {
  timeout: 600_000,
}, async (t) => {
  const { lab: lost, survivors, written, checkNothingVanished } = await loseMajority(3);
  await using lab = lost;
  const owner = survivors[0] ?? '';
  const address = lab.host(owner).address;
  const killed = async (point: KillPoint): Promise<string> => {
    const endMs = performance.now() + LIMIT_MS;
    for (let said = ''; ; ) {
      const run = await lab.agent(owner, ['recovery'], killedAt(point));
      said += run.stdout;
      if (run.signal === 'SIGKILL') return said;
      // On a busy machine it may need more than one tick.
      const again = run.stderr.includes('NOT_READY_IN_TIME') && performance.now() < endMs;
      assert.ok(again, `The run reached ${JSON.stringify(point)}: ${said}${run.stderr}`);
    }
  };

  await t.test('before the stamp: the next run repeats what was begun', async () => {
    await killed({ event: 'act', step: 'found-forced' });
    assert.equal(stampedLineage(lab, owner), 1);
    await killed({ rename: 'zk-agent/stamp.json', moment: 'before' });
    assert.equal(stampedLineage(lab, owner), 1);
    assert.equal((await lab.srvr(address)).kind, 'silent', 'Behind its fence the server stands still.');
  });

  await t.test('after the stamp: it is never founded again, and its report goes before its server starts', async () => {
    await killed({ rename: 'zk-agent/stamp.json', moment: 'after' });
    assert.equal(stampedLineage(lab, owner), 2);
    assert.equal((await lab.reports()).length, 1, 'The report of the time before the stamp is left over.');
    const said = await killed({ event: 'act', step: 'start-server' });
    assert.doesNotMatch(said, /"step":"found-forced"/);
    assert.deepEqual(await lab.reports(), [], 'No report is left that could let another force a record beside it.');
    assert.equal((await lab.srvr(address)).kind, 'silent', 'The server had not started yet.');
    await wholeRun(lab, owner, ['recovery']);
    await written.checkOn([address]);
  });

  await t.test('after its ensemble grew: it restarts from what its server wrote', async () => {
    await letTheOthersGo(lab, [owner]);
    const addresses = await oneEnsemble(lab, 3);
    await written.write(50);
    const { version } = await lab.configOf(address);
    // Nobody else can serve meanwhile who would tell the owner what it was.
    await Promise.all((await lab.nodes()).map((node) => lab.powerOff(node.instance)));
    lab.setBootPlan({ bootstrap: false, ticks: 'never' });
    lab.powerOn(owner);
    const alone = lab.agent(owner, ['recovery']);
    await waitFor(async () => (await lab.srvr(address)).kind === 'not-serving', { limitMs: LIMIT_MS, why: 'it is up' });
    const waits = async (): Promise<boolean> => (await lab.srvr(address)).kind === 'not-serving';
    await staysSo(waits, { limitMs: LAB_TIMINGS.recoveryQuietMs, why: 'the owner does not serve alone any more' });
    lab.setBootPlan({ bootstrap: true, ticks: 5 });
    for (const node of await lab.nodes()) if (node.instance !== owner) lab.powerOn(node.instance);
    await alone;
    assert.deepEqual([...(await oneEnsemble(lab, 3))].sort(), [...addresses].sort());
    assert.equal((await lab.configOf(address)).version, version, 'No config was made anew.');
    await written.checkOn(addresses);
  });

  assert.deepEqual(await ownersOf(lab), ['genesis', owner], 'One forced record, and one owner.');
  checkNothingVanished();
});

test('the owner is terminated before anyone followed it: the next best founds the next record with all data', {
  timeout: 600_000,
}, async () => {
  const { lab: lost, survivors, written, checkNothingVanished } = await loseMajority(5);
  await using lab = lost;
  const untilRecord = killedAt({ event: 'acted', step: 'accept-record' });
  const runs = survivors.map((instance) => ({ instance, run: lab.agent(instance, ['recovery'], untilRecord) }));
  await waitFor(async () => (await lab.records()).length === 2, { limitMs: LIMIT_MS, why: 'record 2 is written' });
  for (const instance of survivors) lab.host(instance).machine.kill('agent');
  await Promise.all(runs.map(({ run }) => run));
  const [, owner = ''] = await ownersOf(lab);
  assert.equal(owner, survivors.at(-1), 'Of equal data the highest id is chosen.');
  const next = survivors.find((instance) => instance !== owner) ?? '';

  // The owner founds its ensemble and serves alone; nobody has noticed when it goes.
  await wholeRun(lab, owner, ['recovery']);
  await waitFor(async () => (await lab.srvr(lab.host(owner).address)).kind === 'serving', {
    limitMs: LIMIT_MS,
    why: 'the owner serves',
  });
  await lab.terminate(owner);
  await lab.untilGone([owner]);
  await letTheOthersGo(lab, []);

  await written.checkOn(await oneEnsemble(lab, 5));
  assert.deepEqual(await ownersOf(lab), ['genesis', owner, next]);
  checkNothingVanished();
});

test('a report left over from an earlier recovery lets nobody force a record beside a serving ensemble', {
  timeout: 600_000,
}, async () => {
  const { lab: lost, survivors, written } = await loseMajority(3);
  await using lab = lost;
  await letTheOthersGo(lab, []);
  await oneEnsemble(lab, 3);
  const old = (await lab.nodes()).map((node) => node.instance).find((each) => each !== survivors[0]) ?? '';
  const known = (await lab.nodes()).filter((node) => node.instance !== old);
  await lab.powerOff(old);

  // While it is off everybody whom it knows is replaced: by its own config the quorum is lost for good.
  await lab.scale(5);
  await untilVoters(lab, 5, []);
  for (const [index, node] of known.entries()) {
    await lab.terminate(node.instance);
    await lab.untilGone([node.instance]);
    await untilVoters(
      lab,
      5,
      known.slice(0, index + 1).map((each) => each.address),
    );
  }
  await written.write(50);

  // Those that serve have reports of the time of record 1 in the bucket, "fenced" as they were then.
  const serving = (await lab.nodes()).filter((node) => node.instance !== old);
  for (const { instance, address = '' } of serving) {
    const report: Report = { instance, address, record: 1, fenced: true, canVote: true, aside: [] };
    const Key = `${lab.cluster}/reports/${instance}.json`;
    const Body = JSON.stringify({ serial: `left-over-of-${instance}`, report });
    await lab.lab.operator.s3.send(new PutObjectCommand({ Bucket: lab.lab.stack.bucket, Key, Body }));
  }
  for (const { instance } of serving) lab.host(instance).machine.pause();
  lab.powerOn(old);
  await waitFor(async () => (await lab.reports()).some((each) => each.instance === old && each.record === 2), {
    limitMs: LIMIT_MS,
    why: 'the node that sees nobody reports',
  });
  await staysSo(async () => (await lab.records()).length === 2, {
    limitMs: 3 * LAB_TIMINGS.recoveryQuietMs,
    why: 'no third record is forced',
  });
  for (const { instance } of serving) lab.host(instance).machine.resume();
  await written.checkOn(await oneEnsemble(lab, 5));
  assert.equal((await lab.records()).length, 2);
});
