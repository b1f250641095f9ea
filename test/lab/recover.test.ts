// SPDX-License-Identifier: Apache-2.0
/** Quorum lost: recovered by force when it is lost for good, and never when it is not. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AgentRun } from '../../lab/hypervisor/machine.ts';
import { LAB_TIMINGS, type Timings } from '../../src/timings.ts';
import { nothingVanishesFrom, oneEnsemble } from './support/agreement.ts';
import { instancesMeant } from './support/instances-meant.ts';
import { startLab, staysSo, type TestLab, waitFor } from './support/lab.ts';
import { letTheOthersGo } from './support/survivors.ts';
import { errorOf } from './support/told.ts';
import { wholeRun } from './support/whole-run.ts';
import { WrittenData } from './support/written-data.ts';

const LIMIT_MS = 150_000;
/** More than two of the windows in which a recovery by force would have been decided. */
const WINDOWS_MS = 2.5 * LAB_TIMINGS.recoveryQuietMs;

/** The instances of a majority, the leader among them, and those that survive its loss. */
async function split(lab: TestLab): Promise<{ majority: readonly string[]; survivors: readonly string[] }> {
  const majority = await instancesMeant(lab.lab, 'majority');
  const survivors = (await lab.nodes()).map((node) => node.instance).filter((each) => !majority.includes(each));
  return { majority, survivors };
}

function addressOf(lab: TestLab, instance: string): string {
  return lab.host(instance).address;
}

/** Whether the agent of this node has said something like this, in what it wrote since `from` lines. */
function hasSaid(lab: TestLab, instance: string, words: RegExp): boolean {
  return lab.agentLog(instance).some(({ why, next = '' }) => typeof why === 'string' && words.test(`${why} ${next}`));
}

async function neverForced(lab: TestLab): Promise<void> {
  await staysSo(async () => (await lab.records()).length === 1, {
    limitMs: WINDOWS_MS,
    why: 'there is no second record',
  });
}

for (const nodes of [3, 5]) {
  test(`a majority of ${nodes} is terminated: the survivors' data is served again, under one forced record`, {
    timeout: 500_000,
  }, async () => {
    await using lab = await startLab({ nodes });
    await lab.healthy();
    const { majority, survivors } = await split(lab);
    const written = await WrittenData.start(lab);
    await written.write(200);
    for (const survivor of survivors) await written.reaches(addressOf(lab, survivor));
    const check = nothingVanishesFrom(lab, survivors);

    await lab.terminate(majority);
    await lab.untilGone(majority);
    const addresses = await oneEnsemble(lab, nodes);

    await written.checkOn(addresses);
    check();
    const [genesis, forced, ...more] = await lab.records();
    assert.equal(genesis?.kind, 'genesis');
    assert.ok(forced?.kind === 'forced' && survivors.includes(forced.owner.instance), 'A survivor owns record 2.');
    assert.deepEqual(more, [], 'There is exactly one forced record.');
    for (const survivor of survivors) assert.ok(forced.fenced.includes(survivor), `${survivor} had fenced.`);
    // The ensemble takes writes again, and every server has them.
    await written.write(20);
    await written.checkOn(addresses);
    await waitFor(async () => (await lab.reports()).length === 0, { limitMs: LIMIT_MS, why: 'no report is left over' });
  });
}

test('all nodes are gone: the new ones wait and say why, until the operator gives the data up', {
  timeout: 500_000,
}, async () => {
  await using lab = await startLab({ nodes: 3 });
  await lab.healthy();
  const old = (await lab.nodes()).map((node) => node.instance);
  const written = await WrittenData.start(lab);
  await written.write(20);

  await lab.terminate('all');
  await lab.untilGone(old);
  const lost = /Nothing empty is put in its place unasked.*--allow-empty-genesis/;
  const fresh = await waitFor(
    async () => {
      const nodes = (await lab.nodes()).filter((node) => !old.includes(node.instance));
      return nodes.length === 3 && nodes.every((node) => hasSaid(lab, node.instance, lost)) && nodes;
    },
    { limitMs: LIMIT_MS, why: 'all three new nodes say what is lost and what to do' },
  );
  const untouched = async (): Promise<boolean> => {
    const answers = await Promise.all(fresh.map((node) => lab.srvr(node.address ?? '')));
    return (await lab.records()).length === 1 && answers.every((answer) => answer.kind !== 'serving');
  };
  await staysSo(untouched, { limitMs: WINDOWS_MS, why: 'nothing empty takes the place of the lost data' });

  await wholeRun(lab, fresh[0]?.instance ?? '', ['recovery', '--allow-empty-genesis']);
  const addresses = await oneEnsemble(lab, 3);
  const records = await lab.records();
  assert.deepEqual(
    records.map((record) => record.kind),
    ['genesis', 'genesis'],
  );
  await using client = await lab.client(addresses);
  assert.deepEqual((await client.getChildren('/')).children, ['zookeeper'], 'The new ensemble is an empty one.');
});

test('a majority that is paused, or off and on again, is not terminated: nothing is forced, and all is back with it', {
  timeout: 500_000,
}, async () => {
  await using lab = await startLab({ nodes: 3 });
  await lab.healthy();
  const { majority, survivors } = await split(lab);
  const survivor = survivors[0] ?? '';
  const written = await WrittenData.start(lab);
  await written.write(50);

  for (const instance of majority) lab.host(instance).machine.pause();
  await waitFor(async () => (await lab.reports()).some((report) => report.instance === survivor), {
    limitMs: LIMIT_MS,
    why: 'the survivor reports',
  });
  await neverForced(lab);
  await waitFor(() => hasSaid(lab, survivor, /not lost for good/), {
    limitMs: LIMIT_MS,
    why: 'the survivor says why it waits',
  });
  for (const instance of majority) lab.host(instance).machine.resume();
  await written.checkOn(await oneEnsemble(lab, 3));
  await waitFor(async () => (await lab.reports()).length === 0, { limitMs: LIMIT_MS, why: 'the report is withdrawn' });

  const again = (await split(lab)).majority;
  await Promise.all(again.map((instance) => lab.powerOff(instance)));
  await waitFor(async () => (await lab.reports()).length === 1, { limitMs: LIMIT_MS, why: 'who is left reports' });
  await neverForced(lab);
  for (const instance of again) lab.powerOn(instance);
  await written.checkOn(await oneEnsemble(lab, 3));
  assert.equal((await lab.records()).length, 1);
});

describe('a majority terminated and forgotten by EC2, with no note of its death', () => {
  test('is recovered from, once its claims are older than forgottenMs and not a moment before', {
    timeout: 500_000,
  }, async () => {
    const beforeMs = Date.now();
    await using lab = await startLab({ nodes: 3 });
    await lab.healthy();
    const { majority, survivors } = await split(lab);
    const survivor = survivors[0] ?? '';
    const written = await WrittenData.start(lab);
    await written.write(50);
    await written.reaches(addressOf(lab, survivor));

    // Nobody may see them terminated, or there would be a note.
    lab.setBootPlan({ bootstrap: false, ticks: 'never' });
    await lab.powerOff(survivor);
    for (const instance of majority) await lab.terminate(instance);
    await lab.untilGone(majority);
    for (const instance of majority) await waitFor(() => forgotten(lab, instance), { limitMs: LIMIT_MS, why: 'gone' });
    assert.equal((await lab.bucket('dead/')).size, 0, 'There is no note of the dead.');
    await lab.powerOn(survivor);

    const recovery = (timings: Partial<Timings>): Promise<AgentRun> =>
      lab.agent(survivor, ['recovery'], { environment: { TIMINGS: JSON.stringify({ ...LAB_TIMINGS, ...timings }) } });
    // While no claim is two hours old: until it has reported, and then for longer than a decision takes.
    const tickLimitMs = WINDOWS_MS;
    const reported = async (): Promise<boolean> => {
      const { code } = errorOf(await recovery({ tickLimitMs }));
      assert.equal(code, 'NOT_READY_IN_TIME');
      return (await lab.reports()).some((report) => report.instance === survivor);
    };
    await waitFor(reported, { limitMs: LIMIT_MS, why: 'the survivor reports' });
    await reported();
    assert.equal((await lab.records()).length, 1, 'Nothing was forced.');

    // The claims are younger than the test, so none is older than this for as long again.
    const forgottenMs = Date.now() - beforeMs + WINDOWS_MS;
    const old = recovery({ forgottenMs, tickLimitMs: LIMIT_MS });
    await waitFor(async () => (await lab.records()).length > 1, { limitMs: LIMIT_MS, why: 'a record is forced' });
    assert.ok(Date.now() - beforeMs >= forgottenMs, 'Nothing was forced while the claims were young.');
    const { code, stdout, stderr } = await old;
    assert.equal(code, 0, stdout + stderr);

    await letTheOthersGo(lab, [survivor]);
    await written.checkOn(await oneEnsemble(lab, 3));
    const records = await lab.records();
    assert.ok(records.length === 2 && records[1]?.kind === 'forced' && records[1].owner.instance === survivor);
  });
});

/** EC2 forgets only what is terminated, which takes it a moment. */
async function forgotten(lab: TestLab, instance: string): Promise<boolean> {
  await lab.forget(instance);
  return true;
}
