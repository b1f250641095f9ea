// SPDX-License-Identifier: Apache-2.0
/** Ids: claimed once, passed on only when they are free for certain, never held by two. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LAB_TIMINGS } from '../../src/timings.ts';
import { oneEnsemble } from './support/agreement.ts';
import { checkFreshEnsemble } from './support/fresh-ensemble.ts';
import { checkClaims, claimsInWords, IdWatch } from './support/id-watch.ts';
import { startLab, type TestLab, waitFor } from './support/lab.ts';
import { WrittenData } from './support/written-data.ts';

const LIMIT_MS = 90_000;
/** The service tells its time in whole seconds, so a claim younger than this may look as if it had just been made. */
const AGE_STEP_MS = 1_500;
/** For a run of the agent that takes a claim without an owner for abandoned at once. */
const IMPATIENT = { environment: { TIMINGS: JSON.stringify({ ...LAB_TIMINGS, ownerUnknownMs: 1 }) } };

/** The instances with a machine that is on, once there are this many. */
async function instancesOn(lab: TestLab, count: number): Promise<readonly string[]> {
  return waitFor(
    async () => {
      const on = (await lab.nodes()).filter((node) => node.machine === 'running').map((node) => node.instance);
      return on.length === count && on;
    },
    { limitMs: LIMIT_MS, why: `${count} machines are on` },
  );
}

async function bootstrap(lab: TestLab, instance: string): Promise<void> {
  const run = await lab.agent(instance, ['bootstrap']);
  assert.equal(run.code, 0, run.stdout + run.stderr);
}

/**
 * Lets the node create the stream of its claim, and stops it for good, or for a while, before it says whose it is. Its
 * writes are refused until the test clears the fault: one that was sent before the stop may arrive after it.
 */
async function betweenStreamAndOwner(
  lab: TestLab,
  instance: string,
  stop: (instance: string) => Promise<unknown>,
): Promise<{ readonly ended: Promise<unknown> }> {
  lab.fault({ kind: 'outage', service: 's3', action: 'PutObject', caller: instance });
  const ended = lab.agent(instance, ['bootstrap']).catch((error: unknown) => error);
  await waitFor(
    () => lab.callsOf(instance).some((call) => call.action === 'CreateLogStream' && call.outcome === 'ok'),
    {
      limitMs: LIMIT_MS,
      why: `${instance} has created a stream`,
      pollMs: 5,
    },
  );
  await stop(instance);
  return { ended };
}

test('lost answers to CreateLogStream, of all nodes in a race for the same id: each owns one id, and none leaks', {
  timeout: 400_000,
}, async () => {
  await using lab = await startLab({ nodes: 3, bootstrap: false, ticks: 'never' });
  const instances = await instancesOn(lab, 3);
  for (const caller of instances) {
    lab.fault({ kind: 'lose-answer', service: 'logs', action: 'CreateLogStream', caller, count: 1 });
  }
  await Promise.all(instances.map((instance) => bootstrap(lab, instance)));
  for (const instance of instances) {
    const cut = lab.callsOf(instance).filter((call) => call.action === 'CreateLogStream' && call.outcome === 'cut');
    assert.equal(cut.length, 1, `${instance} has lost an answer.`);
  }
  await checkFreshEnsemble(lab, 3);
  await checkClaims(lab);
});

test('an agent killed between stream and owner: the id is unknown, later void, and passes on by the next generation', {
  timeout: 500_000,
}, async () => {
  await using lab = await startLab({ nodes: 3, bootstrap: false, ticks: 'never' });
  using watch = new IdWatch(lab);
  const [crashed = '', ...others] = await instancesOn(lab, 3);
  const crash = await betweenStreamAndOwner(lab, crashed, async () => lab.host(crashed).machine.kill('agent'));
  await crash.ended;
  assert.deepEqual(claimsInWords(await lab.claims()), ['1.1 nobody']);
  lab.clearFaults();

  // While it is unknown whose 1.1 is, nobody takes id 1, not even the node that crashed.
  await Promise.all([...others, crashed].map((instance) => bootstrap(lab, instance)));
  await oneEnsemble(lab, 3);
  const claims = await lab.claims();
  assert.deepEqual(
    claims.map(({ id, generation }) => `${id}.${generation}`),
    ['1.1', '2.1', '3.1', '4.1'],
  );
  assert.equal(claims[0]?.owner, undefined);

  await lab.scale(4);
  const [newcomer = ''] = (await instancesOn(lab, 4)).filter((each) => each !== crashed && !others.includes(each));
  const run = await lab.agent(newcomer, ['bootstrap'], IMPATIENT);
  assert.equal(run.code, 0, run.stdout + run.stderr);
  await oneEnsemble(lab, 4);
  assert.deepEqual(claimsInWords(await lab.claims()).slice(0, 2), ['1.1 void', `1.2 ${newcomer}`]);
  await checkClaims(lab);
  watch.check();
});

test('an agent that hangs between stream and owner until its claim is void and passed on: it takes another id', {
  timeout: 500_000,
}, async () => {
  await using lab = await startLab({ nodes: 3 });
  using watch = new IdWatch(lab);
  await lab.healthy();
  const old = (await lab.nodes()).map((node) => node.instance);
  lab.setBootPlan({ bootstrap: false, ticks: 'never' });
  await lab.scale(5);
  const [hung = '', quick = ''] = (await instancesOn(lab, 5)).filter((each) => !old.includes(each));
  const { ended } = await betweenStreamAndOwner(lab, hung, () => lab.host(hung).machine.pause());
  assert.deepEqual(claimsInWords(await lab.claims()).slice(3), ['4.1 nobody']);
  lab.clearFaults();
  await sleep(AGE_STEP_MS);

  const run = await lab.agent(quick, ['bootstrap'], IMPATIENT);
  assert.equal(run.code, 0, run.stdout + run.stderr);
  assert.deepEqual(claimsInWords(await lab.claims()).slice(3), ['4.1 void', `4.2 ${quick}`]);
  await lab.resume(hung);
  await ended;
  await oneEnsemble(lab, 5);
  assert.deepEqual(claimsInWords(await lab.claims()).slice(3), ['4.1 void', `4.2 ${quick}`, `5.1 ${hung}`]);
  await checkClaims(lab);
  watch.check();
});

test("an id is not taken while the dead owner's member stands in the config, and passes on once it does not", {
  timeout: 500_000,
}, async () => {
  // Without ticks nobody removes the dead before their replacement has taken its id.
  await using lab = await startLab({ nodes: 3, ticks: 'never' });
  using watch = new IdWatch(lab);
  await lab.healthy();
  const written = await WrittenData.start(lab);
  await written.write(30);
  for (const [dead, expected] of [
    [2, '4.1'],
    [4, '2.2'],
    [2, '4.2'],
  ] as const) {
    const victim = await lab.node(dead);
    const before = new Set((await lab.nodes()).map((node) => node.instance));
    await lab.terminate(victim.instance);
    await lab.untilGone([victim.instance]);
    await written.checkOn(await oneEnsemble(lab, 3));
    const [newcomer = ''] = (await lab.nodes()).map((node) => node.instance).filter((each) => !before.has(each));
    assert.ok(
      claimsInWords(await lab.claims()).includes(`${expected} ${newcomer}`),
      `The replacement of ${dead} owns ${expected}: ${claimsInWords(await lab.claims())}`,
    );
    await checkClaims(lab);
  }
  watch.check();
});

test('claims freed and taken in many orders: never two servers with one id, and the highest generation owns', {
  timeout: 700_000,
}, async () => {
  await using lab = await startLab({ nodes: 5 });
  using watch = new IdWatch(lab);
  await lab.healthy();
  const written = await WrittenData.start(lab);
  await written.write(30);
  const rounds: readonly (() => Promise<number>)[] = [
    async () => {
      await lab.terminate('minority');
      return 5;
    },
    async () => {
      const leader = (await lab.leader()).instance;
      const first = (await lab.nodes()).find((node) => node.id === 1)?.instance;
      await lab.terminate([...new Set([leader, first ?? leader])]);
      return 5;
    },
    async () => {
      await lab.scale(3);
      return 3;
    },
    async () => {
      // While a newcomer is on its way, another one dies; the rest keeps its quorum.
      await lab.scale(5);
      await waitFor(async () => ((await lab.status()).config?.members.length ?? 0) >= 4, {
        limitMs: LIMIT_MS,
        why: 'one newcomer has joined',
      });
      await lab.terminate('leader');
      return 5;
    },
  ];
  for (const round of rounds) {
    const before = (await lab.nodes()).map((node) => node.instance);
    const size = await round();
    await waitFor(async () => (await lab.nodes()).some((node) => !before.includes(node.instance)) || size === 3, {
      limitMs: LIMIT_MS,
      why: 'the group has replaced somebody',
    });
    await written.checkOn(await oneEnsemble(lab, size, 2 * LIMIT_MS));
    await checkClaims(lab);
  }
  assert.equal((await lab.records()).length, 1);
  assert.ok(
    (await lab.claims()).some((claim) => claim.generation > 1),
    'Ids were passed on.',
  );
  watch.check();
});
