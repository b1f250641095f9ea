// SPDX-License-Identifier: Apache-2.0
/**
 * AWS unreachable, throttled, broken, slow, stale, answering empty or not at all: unknown is never absent. Nothing is
 * removed, nothing is started anew, ZooKeeper keeps serving; and when the fault is over all heals.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fault } from '../../cloud/index.ts';
import { LAB_TIMINGS } from '../../src/timings.ts';
import { nothingVanishesFrom, oneEnsemble } from './support/agreement.ts';
import { checkFreshEnsemble } from './support/fresh-ensemble.ts';
import { checkClaims, IdWatch } from './support/id-watch.ts';
import { instancesMeant } from './support/instances-meant.ts';
import { startLab, staysSo, type TestLab, waitFor } from './support/lab.ts';
import { bootstrapped, letTheOthersGo } from './support/survivors.ts';
import { WrittenData } from './support/written-data.ts';

const LIMIT_MS = 120_000;
/** Often, so that what a tick does shows soon. */
const TICK_SECONDS = 2;
/** At least one whole tick falls into this. */
const TICKS_MS = 3_500;
/** More than two of the windows after which a recovery by force is decided. */
const WINDOWS_MS = 2.5 * LAB_TIMINGS.recoveryQuietMs;
/** Longer than the agent waits for any call, and than a fault lasts here, on a busy machine too. */
const LONG_MS = 400_000;

/** What leaves a node without knowledge: of everything, or of one service while the others answer. */
const BLINDING: readonly Fault[] = [
  { kind: 'outage' },
  { kind: 'throttle' },
  { kind: 'error' },
  { kind: 'lose-answer' },
  { kind: 'slow', delayMs: LAB_TIMINGS.awsTimeoutMs + 1_000 },
  { kind: 'empty' },
  { kind: 'empty', service: 'ec2' },
  { kind: 'empty', service: 's3' },
  { kind: 'empty', service: 'logs' },
  { kind: 'outage', service: 'ec2' },
];

function inWords({ kind, service = 'all services' }: Fault): string {
  return `${kind} of ${service}`;
}

/** Strikes the calls of these instances, and returns once one of them was struck. */
async function strike(lab: TestLab, fault: Fault, instances: readonly string[]): Promise<void> {
  const ids = instances.map((caller) => lab.fault({ ...fault, caller }));
  await waitFor(() => lab.lab.aws.faults.list().some(({ id, struck }) => ids.includes(id) && struck > 0), {
    limitMs: LIMIT_MS,
    why: `${instances.join(' or ')} feels the ${inWords(fault)}`,
  });
}

/** Once the others are gone or hang, its server goes on serving until it has noticed. */
async function untilItServesNoMore(lab: TestLab, address: string): Promise<void> {
  await waitFor(async () => (await lab.srvr(address)).kind !== 'serving', {
    limitMs: LIMIT_MS,
    why: `${address} has lost its quorum`,
  });
}

async function membersNow(lab: TestLab, address: string): Promise<readonly string[]> {
  return (await lab.configOf(address)).members.map((member) => `${member.id} ${member.address} ${member.role}`);
}

/** Through these servers, which have a quorum: a write that is acknowledged. */
async function stillWrites(written: WrittenData, addresses: readonly string[]): Promise<void> {
  await written.write(3, addresses);
}

test('a member that hangs is not removed, whatever AWS says or does not say, and the others keep serving', {
  timeout: 700_000,
}, async () => {
  await using lab = await startLab({ nodes: 3, ticks: TICK_SECONDS });
  await lab.healthy();
  const written = await WrittenData.start(lab);
  const leader = await lab.leader();
  const [hung, other] = await lab.followers(2);
  const serving = [leader.address ?? '', other?.address ?? ''];
  const before = await lab.configOf(leader.address ?? '');
  await lab.pause(hung?.instance ?? '');
  for (const fault of BLINDING) {
    // Only who leads has cause to look at AWS: it misses a follower. On a busy machine either may lead by now.
    await strike(lab, fault, [leader.instance, other?.instance ?? '']);
    await staysSo(
      async () => {
        assert.deepEqual(
          await lab.configOf(leader.address ?? ''),
          before,
          `Nobody is removed under ${inWords(fault)}.`,
        );
        await stillWrites(written, serving);
        return (await lab.records()).length === 1;
      },
      { limitMs: TICKS_MS, why: `there is one record under ${inWords(fault)}`, pollMs: 500 },
    );
    lab.clearFaults();
  }
  await lab.resume(hung?.instance ?? '');
  await written.checkOn(await oneEnsemble(lab, 3, LIMIT_MS));
  await checkClaims(lab);
});

for (const fault of [
  { kind: 'outage' },
  { kind: 'throttle', service: 'ec2' },
  { kind: 'empty', service: 'ec2' },
  { kind: 'stale', delayMs: LONG_MS },
] satisfies readonly Fault[]) {
  test(`a member terminated under ${inWords(fault)} stays in the config until AWS says so, then it is replaced`, {
    timeout: 500_000,
  }, async () => {
    await using lab = await startLab({ nodes: 3, ticks: TICK_SECONDS });
    using watch = new IdWatch(lab);
    await lab.healthy();
    const written = await WrittenData.start(lab);
    await written.write(30);
    const leader = await lab.leader();
    const [{ instance: dead }] = await lab.followers(1);
    const old = await lab.nodes();
    const left = old.filter((node) => node.instance !== dead);
    const before = await membersNow(lab, leader.address ?? '');

    // The newcomer does nothing before it is struck as well.
    lab.setBootPlan({ bootstrap: false, ticks: 'never' });
    for (const { instance } of left) lab.fault({ ...fault, caller: instance });
    await lab.terminate(dead);
    await lab.untilGone([dead]);
    const newcomer = await lab.nodeWhere(
      'the group has launched a replacement',
      (node) => node.machine === 'running' && !old.some(({ instance }) => instance === node.instance),
      LIMIT_MS,
    );
    lab.fault({ ...fault, caller: newcomer.instance });
    lab.setBootPlan({ bootstrap: true, ticks: 5 });
    await lab.reboot(newcomer.instance);
    const struck = (instance: string): boolean => lab.callsOf(instance).some((call) => call.fault !== undefined);
    await waitFor(() => left.some(({ instance }) => struck(instance)) && struck(newcomer.instance), {
      limitMs: LIMIT_MS,
      why: 'who leads and the newcomer feel the fault',
    });
    await staysSo(
      async () => {
        const members = await membersNow(lab, leader.address ?? '');
        for (const member of before) assert.ok(members.includes(member), `${member} was removed.`);
        await stillWrites(
          written,
          left.map((node) => node.address ?? ''),
        );
        return (await lab.records()).length === 1;
      },
      { limitMs: 2 * TICKS_MS, why: 'there is one record', pollMs: 500 },
    );

    lab.clearFaults();
    await written.checkOn(await oneEnsemble(lab, 3, LIMIT_MS));
    await checkClaims(lab);
    watch.check();
  });
}

test('a lost quorum: nothing is forced while AWS can not be asked; what is terminated is recovered from afterwards', {
  timeout: 800_000,
}, async () => {
  await using lab = await startLab({ nodes: 3, ticks: TICK_SECONDS });
  await lab.healthy();
  const written = await WrittenData.start(lab);
  await written.write(100);
  const majority = await instancesMeant(lab.lab, 'majority');
  const survivor = (await lab.nodes()).find((node) => !majority.includes(node.instance));
  const { instance = '', address = '' } = survivor ?? {};
  await written.reaches(address);
  const filesAreThere = nothingVanishesFrom(lab, [instance]);
  const nothingForced = async (why: string): Promise<void> => {
    await staysSo(async () => (await lab.records()).length === 1 && (await lab.srvr(address)).kind !== 'serving', {
      limitMs: WINDOWS_MS,
      why: `nothing is started anew under ${why}`,
      pollMs: 300,
    });
    filesAreThere();
  };

  // They hang, so they can come back.
  for (const each of majority) lab.host(each).machine.pause();
  await untilItServesNoMore(lab, address);
  for (const fault of BLINDING.filter(({ kind }) => kind === 'outage' || kind === 'empty')) {
    await strike(lab, fault, [instance]);
    await nothingForced(inWords(fault));
    lab.clearFaults();
  }
  for (const each of majority) await lab.resume(each);
  await written.checkOn(await oneEnsemble(lab, 3, LIMIT_MS));
  assert.equal((await lab.records()).length, 1);

  // They are terminated, and the survivor does not hear of it: not from EC2, nor from a newcomer's note of their death.
  lab.setBootPlan({ bootstrap: false, ticks: 'never' });
  const stale = lab.fault({ kind: 'stale', delayMs: LONG_MS, caller: instance });
  for (const each of majority) await lab.terminate(each);
  await lab.untilGone(majority);
  await untilItServesNoMore(lab, address);
  await nothingForced('stale answers');
  // One fault takes over from the other, so that no true answer slips through between them.
  const empty = strike(lab, { kind: 'empty', service: 'ec2' }, [instance]);
  lab.lab.aws.faults.clear(stale);
  await empty;
  await nothingForced('empty answers of EC2');
  assert.equal((await lab.bucket('dead/')).size, 0, 'The survivor took nobody for dead.');
  await letTheOthersGo(lab, [instance]);
  lab.clearFaults();
  await written.checkOn(await oneEnsemble(lab, 3, LIMIT_MS));
  filesAreThere();
  assert.deepEqual(
    (await lab.records()).map(({ kind, number }) => `${number} ${kind}`),
    ['1 genesis', '2 forced'],
  );
});

test('during an outage killed servers restart from their own files, and serve', { timeout: 500_000 }, async () => {
  await using lab = await startLab({ nodes: 3, ticks: TICK_SECONDS });
  await lab.healthy();
  await bootstrapped(lab);
  const written = await WrittenData.start(lab);
  await written.write(50);
  const nodes = await lab.nodes();
  const addresses = nodes.map((node) => node.address ?? '');
  const bucketBefore = await lab.bucket('');

  lab.fault({ kind: 'outage' });
  for (const targets of [[nodes[0]], nodes]) {
    for (const node of targets) {
      const killed = await lab.kill(node?.instance ?? '', 'zookeeper');
      assert.equal(killed.flatMap((each) => each.killed).length, 1, 'One server was killed.');
    }
    await waitFor(async () => (await Promise.all(addresses.map((each) => lab.srvr(each)))).every(serves), {
      limitMs: LIMIT_MS,
      why: 'all servers serve again while AWS is away',
    });
    await written.checkOn(addresses);
    await written.write(10);
  }
  assert.ok(
    nodes.some((node) => lab.callsOf(node.instance).some((call) => call.fault !== undefined)),
    'The nodes have felt the outage.',
  );
  assert.deepEqual(await lab.bucket(''), bucketBefore, 'Nothing was written to the bucket.');
  lab.clearFaults();
  await written.checkOn(await oneEnsemble(lab, 3, LIMIT_MS));
  assert.equal((await lab.records()).length, 1);
});

function serves(answer: { readonly kind: string }): boolean {
  return answer.kind === 'serving';
}

/** Faults that pass: the first calls run into them one after the other. */
const PASSING: readonly Fault[] = [
  { kind: 'lose-answer', count: 6 },
  { kind: 'throttle', count: 6 },
  { kind: 'empty', count: 6 },
  { kind: 'error', count: 6 },
  { kind: 'outage', count: 6 },
  { kind: 'slow', delayMs: 1_000, count: 10 },
];

test('a first start and a join go through while calls are lost, refused, slow or answered with nothing', {
  timeout: 600_000,
}, async () => {
  await using lab = await startLab({ nodes: 3, bootstrap: false, ticks: 'never' });
  using watch = new IdWatch(lab);
  const first = await waitFor(
    async () => {
      const on = (await lab.nodes()).filter((node) => node.machine === 'running').map((node) => node.instance);
      return on.length === 3 && on;
    },
    { limitMs: LIMIT_MS, why: 'three machines are on' },
  );
  const allStruck = async (instances: readonly string[]): Promise<void> => {
    for (const caller of instances) for (const fault of PASSING) lab.fault({ ...fault, caller });
    const runs = await Promise.all(instances.map((instance) => lab.agent(instance, ['bootstrap'])));
    for (const run of runs) assert.equal(run.code, 0, run.stdout + run.stderr);
    for (const instance of instances) {
      const struck = lab.callsOf(instance).filter((call) => call.fault !== undefined);
      assert.ok(struck.length >= 20, `${instance} was struck ${struck.length} times.`);
    }
    lab.clearFaults();
  };
  await allStruck(first);
  await checkFreshEnsemble(lab, 3);
  await checkClaims(lab);

  await lab.terminate('leader');
  const newcomer = await lab.nodeWhere(
    'the group has launched a replacement',
    (node) => node.machine === 'running' && !first.includes(node.instance),
    LIMIT_MS,
  );
  await allStruck([newcomer.instance]);
  await oneEnsemble(lab, 3);
  await checkClaims(lab);
  assert.equal((await lab.records()).length, 1);
  watch.check();
});
