// SPDX-License-Identifier: Apache-2.0
/**
 * Kill -9 of the agent right before, right after and in the middle of every step: the next run completes what was
 * begun, with one ensemble, one record for each history, no id with two nodes, and no acknowledged write lost.
 *
 * In each situation below run after run dies one point further on (kill-trail.cjs), so that a whole bootstrap, join,
 * recovery or leaving is cut into pieces, once between all its steps and once between all their effects as well. The
 * piece that follows is a mere tick.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { DeleteLogStreamCommand } from '@aws-sdk/client-cloudwatch-logs';
import { readStreamNames } from '../../lab/daemon/bucket-view.ts';
import { ACTS } from '../../src/act/act.ts';
import type { StepKind } from '../../src/model/step.ts';
import { LAB_TIMINGS } from '../../src/timings.ts';
import { nothingVanishesFrom, oneEnsemble } from './support/agreement.ts';
import { type KillDepth, KillTrail } from './support/kill-trail.ts';
import { startLab, type TestLab, waitFor } from './support/lab.ts';
import { LIFECYCLE_KINDS, type LifecycleKind } from './support/lifecycle-kinds.ts';
import { bootstrapped } from './support/survivors.ts';
import { WrittenData } from './support/written-data.ts';

type Situation = 'genesis' | 'join' | 'removal' | 'recovery' | 'silence' | 'leave' | 'rejoin';

/** Steps that are not made here: test/act/crash.test.ts has them. */
const ELSEWHERE = [
  ...(['mend-files', 'note-failed-start', 'unmark-abandoned', 'attach-slot', 'release-id'] as const),
  ...(['claim-place', 'write-name', 'remove-names'] as const),
] as const;

/**
 * Where runs die around each kind of step that needs no stack. A kind without a situation does not compile; torn files,
 * data that no server starts on, and a launch that was given up in vain, are not made here (test/act/crash.test.ts has
 * those steps).
 */
const CASES: {
  readonly [K in Exclude<StepKind, LifecycleKind | (typeof ELSEWHERE)[number]>]: readonly [Situation, ...Situation[]];
} = {
  'claim-id': ['genesis', 'join'],
  'void-claim': ['join'],
  'restore-stream': ['recovery'],
  'write-id': ['genesis'],
  'note-dead': ['join', 'recovery'],
  'create-genesis': ['genesis'],
  'prepare-genesis': ['genesis'],
  'set-data-aside': ['recovery'],
  'prepare-join': ['join', 'recovery', 'rejoin'],
  'start-server': ['genesis', 'join', 'recovery', 'rejoin'],
  'stop-server': ['recovery'],
  'remove-members': ['removal'],
  'add-self': ['join', 'recovery', 'rejoin'],
  'mark-ready': ['genesis', 'join'],
  'vouch-config': ['genesis', 'join'],
  'write-report': ['recovery', 'silence'],
  'withdraw-report': ['silence'],
  'raise-fence': ['recovery'],
  'lift-fence': ['recovery'],
  'propose-record': ['recovery'],
  'answer-proposal': ['recovery'],
  'accept-record': ['recovery'],
  'write-record': ['recovery'],
  'keep-source': ['recovery'],
  'found-forced': ['recovery'],
  'mark-left': ['leave'],
  'unmark-left': ['rejoin'],
  'remove-self': ['leave'],
  'stop-removed': ['leave'],
};

/**
 * A record is written by this step only if the run that had it accepted died before. That takes deaths inside of steps,
 * and whoever dies right after the write has left nothing for a later run to write.
 */
const LAST_POINTS: Partial<Record<StepKind, string>> = { 'write-record': 'after PUT lineage' };

/** `<situation> <step>: <point>` of all deaths of this file. */
const deaths = new Set<string>();

function noteDeaths(situation: Situation, trail: KillTrail): void {
  for (const death of trail.deaths) deaths.add(`${situation} ${death}`);
}

/** A claim that a dead run left half made is given up soon, and machines without a claim are not waited for long. */
const TIMINGS = JSON.stringify({ ...LAB_TIMINGS, ownerUnknownMs: 5_000, unclaimedMs: 1_000 });
const LIMIT_MS = 120_000;

for (const depth of ['around', 'inside'] as const) {
  describe(`kill -9 ${depth} every step`, () => {
    test('of the bootstrap of 3 nodes, of a join in place of a dead member, then of the removal of another', {
      timeout: 700_000,
    }, async () => {
      await using lab = await startLab({ nodes: 3, ticks: 'never', bootstrap: false, settings: { TIMINGS } });
      await waitFor(async () => (await lab.nodes()).filter((node) => node.machine === 'running').length === 3, {
        limitMs: LIMIT_MS,
        why: 'three machines are on',
      });
      const genesis = new KillTrail(lab, 'genesis', depth);
      const founders = (await lab.nodes()).map((node) => node.instance);
      await Promise.all(founders.map((instance) => genesis.walk(instance, ['bootstrap'])));

      noteDeaths('genesis', genesis);
      genesis.coversInside('claim-id', /after CreateLogStream/, /before PUT claims/, /after PUT claims/);
      genesis.coversInside('create-genesis', /before PUT lineage/, /after PUT lineage/);
      genesis.coversInside('prepare-genesis', /after rename to .*nonce/, /after PUT lineage.*started/);
      genesis.coversInside('prepare-genesis', /after rename to .*initialize/, /after rename to .*zoo\.cfg$/);
      genesis.coversInside('prepare-genesis', /before rename to .*stamp\.json/, /after rename to .*stamp\.json/);
      await oneEnsemble(lab, 3);
      await idsAreUnique(lab);
      const written = await WrittenData.start(lab);
      await written.write(50);

      const [{ instance: victim }] = await lab.followers(1);
      await lab.terminate(victim);
      await lab.untilGone([victim]);
      const joiner = await newcomer(lab, founders);
      const join = new KillTrail(lab, 'join', depth);
      await join.walk(joiner, ['bootstrap']);

      noteDeaths('join', join);
      join.coversInside('prepare-join', /after rename to .*stamp\.json/, /after rename to .*zoo\.cfg$/);
      join.coversInside('add-self', /reconfig sent/);
      await written.checkOn(await oneEnsemble(lab, 3));

      const leader = await lab.leader();
      const second = (await lab.nodes()).find((node) => ![leader.instance, joiner].includes(node.instance));
      await lab.terminate(second?.instance ?? '');
      await lab.untilGone([second?.instance ?? '']);
      const removal = new KillTrail(lab, 'removal', depth);
      await removal.walk(leader.instance, ['recovery']);

      noteDeaths('removal', removal);
      removal.coversInside('remove-members', /reconfig sent/);
      const last = await lab.agent(await newcomer(lab, [...founders, joiner]), ['bootstrap']);
      assert.equal(last.code, 0, last.stdout + last.stderr);
      await written.checkOn(await oneEnsemble(lab, 3));
      await idsAreUnique(lab);
      assert.equal((await lab.records()).length, 1, 'The ensemble was founded once.');
    });

    test('of a recovery of two survivors of four', { timeout: 700_000 }, async () => {
      await using lab = await startLab({ nodes: 4, ticks: 'never', settings: { TIMINGS } });
      await lab.healthy();
      await bootstrapped(lab);
      const written = await WrittenData.start(lab);
      await written.write(100);
      const survivors = (await lab.followers(3)).slice(0, 2);
      const dead = (await lab.nodes())
        .map((node) => node.instance)
        .filter((each) => !survivors.some((one) => one.instance === each));
      for (const { address } of survivors) await written.reaches(address ?? '');
      const check = nothingVanishesFrom(
        lab,
        survivors.map((node) => node.instance),
      );

      lab.setBootPlan({ bootstrap: false });
      await lab.terminate(dead);
      await lab.untilGone(dead);
      await deleteStreams(lab);
      const trail = new KillTrail(lab, 'recovery', depth);
      await Promise.all(survivors.map((node) => trail.walk(node.instance, ['recovery'])));

      noteDeaths('recovery', trail);
      trail.coversInside('restore-stream', /before CreateLogStream/, /after CreateLogStream/);
      trail.coversInside('write-report', /after rename to .*reported/, /before PUT reports/, /after PUT reports/);
      trail.coversInside('raise-fence', /after rename to .*fence\.json/);
      trail.coversInside('propose-record', /before PUT reports/, /after PUT reports/);
      trail.coversInside('accept-record', /before PUT lineage/, /after PUT lineage/);
      trail.coversInside('keep-source', /during copy of .*log/, /after rename to aside/);
      trail.coversInside(
        'found-forced',
        /before rename to zk-agent.stamp\.json/,
        /after rename to zk-agent.stamp\.json/,
      );
      trail.coversInside('lift-fence', /after PUT reports/, /before removal of .*fence/, /after removal of .*fence/);
      trail.coversInside('set-data-aside', /before rename to .*version-2/, /after rename to .*version-2/);
      await written.checkOn(survivors.map((node) => node.address ?? ''));
      check();
      const [, forced, ...more] = await lab.records();
      assert.ok(forced?.kind === 'forced' && more.length === 0, 'Exactly one record was forced.');
      assert.deepEqual(await lab.reports(), []);

      // The newcomers join what was recovered.
      const known = survivors.map((node) => node.instance);
      for (let count = 0; count < dead.length; count++) {
        const fresh = await newcomer(lab, known);
        known.push(fresh);
        const run = await lab.agent(fresh, ['bootstrap']);
        assert.equal(run.code, 0, run.stdout + run.stderr);
      }
      await written.checkOn(await oneEnsemble(lab, 4));
      await idsAreUnique(lab);
    });

    test('of a silence that passes, then of leaving, on the leader, and of its way back', {
      timeout: 700_000,
    }, async () => {
      await using lab = await startLab({ nodes: 3, ticks: 'never' });
      await lab.healthy();
      // Paused before its last look, the majority would keep a bootstrap waiting, and each tick would find it busy.
      await bootstrapped(lab);
      const written = await WrittenData.start(lab);
      await written.write(50);
      await silencePasses(lab, depth);
      await written.checkOn(await oneEnsemble(lab, 3));

      const { instance, address = '' } = await lab.leader();
      const others = (await lab.nodes()).map((node) => node.address ?? '').filter((each) => each !== address);
      const mark = join(lab.directoryOf(instance), 'data', 'zk-agent', 'left');

      const leaving = new KillTrail(lab, 'leave', depth);
      await leaving.walk(instance, ['leave'], () => (existsSync(mark) ? ['recovery'] : ['leave']));
      noteDeaths('leave', leaving);
      leaving.coversInside('mark-left', /before rename to .*left/, /after rename to .*left/);
      leaving.coversInside('remove-self', /reconfig sent/);
      assert.deepEqual(lab.host(instance).machine.zookeeperProcesses(), []);
      await written.write(50, others);
      const config = await lab.configOf(others[0] ?? '');
      assert.deepEqual(config.members.map((member) => member.address).sort(), others.sort());

      const back = new KillTrail(lab, 'rejoin', depth);
      await back.walk(instance, ['bootstrap', '--rejoin'], () =>
        existsSync(mark) ? ['bootstrap', '--rejoin'] : ['recovery'],
      );
      noteDeaths('rejoin', back);
      await written.checkOn(await oneEnsemble(lab, 3));
      assert.equal((await lab.records()).length, 1);
    });
  });
}
test('runs died before and after every kind of step, in each of its situations', () => {
  assert.deepEqual([...Object.keys(CASES), ...LIFECYCLE_KINDS, ...ELSEWHERE].sort(), Object.keys(ACTS).sort());
  const wanted = (Object.keys(CASES) as (keyof typeof CASES)[]).flatMap((kind) =>
    CASES[kind].flatMap((situation) =>
      ['act', LAST_POINTS[kind] ?? 'acted'].map((at) => `${situation} ${kind}: ${at}`),
    ),
  );
  const missing = wanted.filter((death) => !deaths.has(death));
  assert.deepEqual(missing, [], [...deaths].join('\n'));
});

/** The claims are in the objects all the same; the owner that looks makes its stream anew. */
async function deleteStreams(lab: TestLab): Promise<void> {
  const { operator, stack } = lab.lab;
  for (const logStreamName of await readStreamNames(operator, stack)) {
    await operator.logs.send(new DeleteLogStreamCommand({ logGroupName: stack.logGroup, logStreamName }));
  }
}

/** A majority is paused until the follower that is left has reported, and comes back. */
async function silencePasses(lab: TestLab, depth: KillDepth): Promise<void> {
  const [{ instance: left, address }] = await lab.followers(1);
  const nodes = await lab.nodes();
  const paused = nodes.map((node) => node.instance).filter((instance) => instance !== left);
  const trail = new KillTrail(lab, 'silence', depth);
  for (const instance of paused) lab.host(instance).machine.pause();
  // Until it says so itself a tick may find it healthy: on a busy machine a lost answer is no sign yet.
  await waitFor(async () => (await lab.srvr(address ?? '')).kind === 'not-serving', {
    limitMs: LIMIT_MS,
    why: 'it serves no more',
  });
  const walking = trail.walk(left, ['recovery']);
  const reported = waitFor(
    async () =>
      trail.deaths.includes('write-report: act') && (await lab.reports()).some((report) => report.instance === left),
    { limitMs: LIMIT_MS, why: 'the node that is left reports' },
  );
  const early = walking.then((said) => assert.fail(`The walk ended while the majority was paused: ${said}`));
  early.catch(() => undefined);
  await Promise.race([reported, early]).finally(() => {
    for (const instance of paused) lab.host(instance).machine.resume();
  });
  await walking;
  noteDeaths('silence', trail);
  trail.coversInside('withdraw-report', /before PUT reports/, /after PUT reports/, /removal of zk-agent.reported/);
  assert.deepEqual(await lab.reports(), []);
  assert.equal((await lab.records()).length, 1);
}

/** The machine of an instance that was not there before. */
async function newcomer(lab: TestLab, known: readonly string[]): Promise<string> {
  const node = await lab.nodeWhere(
    'the replacement is on',
    (each) => each.machine === 'running' && !known.includes(each.instance),
    LIMIT_MS,
  );
  return node.instance;
}

/** No id with two nodes, and no node with two ids, by the highest generations of the claims. */
async function idsAreUnique(lab: TestLab): Promise<void> {
  const running = new Set((await lab.nodes()).map((node) => node.instance));
  const owners = new Map((await lab.claims()).map((claim) => [claim.id, claim.owner]));
  const held = [...owners.values()].flatMap((owner) => (typeof owner === 'object' ? [owner.instance] : []));
  const holding = held.filter((instance) => running.has(instance));
  assert.equal(new Set(holding).size, holding.length, JSON.stringify([...owners]));
  assert.deepEqual(new Set(holding), running);
}
