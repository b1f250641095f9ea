// SPDX-License-Identifier: Apache-2.0
/**
 * A stack is updated to other images under a writing client: good ones, one that can't bootstrap, one that gives up.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { registerImage } from '../../lab/account.ts';
import type { NodeView } from '../../lab/daemon/lab-status.ts';
import { ForeignData } from './support/foreign-data.ts';
import { allInService, completeTerminateHook } from './support/group.ts';
import { startLab, type TestLab, waitFor } from './support/lab.ts';
import { LastingClients } from './support/lasting-clients.ts';
import { TerminationWatch } from './support/termination-watch.ts';
import { underWrites } from './support/under-writes.ts';

const LIMIT_MS = 300_000;
const DEPLOY_LIMIT_MS = 900_000;

let lab: TestLab;

before(async () => {
  lab = await startLab({ nodes: 3, deployed: true });
  await lab.healthy();
  await lab.lab.deployed(AbortSignal.timeout(DEPLOY_LIMIT_MS));
});

after(() => lab[Symbol.asyncDispose]());

const newImage = (name: string): Promise<string> => registerImage(lab.lab.operator, `${lab.lab.name} ${name}`);

const runsBeside =
  (known: readonly string[]) =>
  ({ instance, machine }: NodeView): boolean =>
    machine === 'running' && !known.includes(instance);

/** Updates the stack to this image; resolves with what deploy.sh said, and rejects with its error. */
async function update(imageId: string, ...further: readonly string[]): Promise<readonly string[]> {
  const lines: string[] = [];
  const hear = (line: string): void => void lines.push(line);
  const update = lab.lab.deployedStack?.update(imageId, hear, AbortSignal.timeout(DEPLOY_LIMIT_MS), further);
  await update?.catch((error: unknown) => {
    throw new Error(`${error}\n${lines.join('\n')}`, { cause: error });
  });
  return lines;
}

/**
 * The update fails, the stack is as before, and so is the ensemble: the same three nodes, none of them away for a
 * moment.
 */
async function rolledBack(failing: Promise<unknown>): Promise<void> {
  const error = await failing.then(
    () => assert.fail('The update had to fail.'),
    (reason: unknown) => reason,
  );
  assert.match(String(error), /could not be updated and is as it was before \(UPDATE_ROLLBACK_COMPLETE\)/);
}

test('two updates, one right after the other: one node at a time, no write fails but in elections, and clients keep their sessions', {
  timeout: 1_500_000,
}, async (t) => {
  const old = await allInService(lab, 3);
  await using lasting = await LastingClients.start(lab);
  using watch = new TerminationWatch(lab);
  const images = [await newImage('second'), await newImage('third')];
  const between: string[] = [];
  const { seen, inWords } = await underWrites(lab, 3, async () => {
    for (const image of images) {
      await update(image);
      between.push(...[...(await lab.nodes())].map(({ instance }) => instance));
    }
  });
  t.diagnostic(inWords);
  assert.ok(seen.fewestUp >= 3, `Three voters were up at every moment: ${inWords}`);
  assert.ok(seen.voters.least >= 3 && seen.voters.most <= 5, inWords);
  const now = await allInService(lab, 3);
  assert.deepEqual(
    now.filter((instance) => old.includes(instance)),
    [],
    'Every node is another one.',
  );
  await lab.untilGone(watch.terminations.map(({ instance }) => instance));
  const gone = [...new Set([...old, ...between])].filter((instance) => !now.includes(instance));
  assert.equal(gone.length, 6);
  watch.check(gone);
  assert.equal((await lab.records()).length, 1, 'Nothing was founded twice.');
  await lasting.check();
});

test('a node that gives up its bootstrap says why and fails the update, whose rollback takes it away and no other', {
  timeout: 1_500_000,
}, async (t) => {
  const good = (await allInService(lab, 3)).toSorted();
  const foreign = new ForeignData(lab, good);
  const { seen, inWords } = await underWrites(lab, 3, async () => {
    const failing = update(await newImage('with data'));
    const [bad] = await Promise.all([foreign.onNextNode(), rolledBack(failing)]);
    const said = lab.agentLog(bad);
    const decision = said.find(({ decided }) => decided === 'give-up-launch');
    assert.match(String(decision?.why), /could not be brought to vote.*It gave up here: .*stamp/);
    const calls = lab.callsOf(bad).filter(({ outcome }) => outcome === 'ok');
    const told = calls.map(({ action }) => action).filter((action) => /^(SignalR|CompleteL)/.test(action));
    assert.equal(told[0], 'SignalResource', 'The stack hears of it first.');
    await lab.untilGone([bad], LIMIT_MS);
    const { code } = lab.agentLog(bad).find(({ event }) => event === 'error') ?? {};
    assert.equal(code, 'DATA_WITHOUT_STAMP');
  });
  t.diagnostic(inWords);
  assert.ok(seen.fewestUp >= 3, inWords);
  assert.deepEqual((await allInService(lab, 3)).toSorted(), good, 'The nodes are the same.');
});

test('an image that can not bootstrap: the update is rolled back, and the ensemble was never short of a member', {
  timeout: 1_500_000,
}, async (t) => {
  const good = (await allInService(lab, 3)).toSorted();
  const isNew = runsBeside(good);
  const image = await newImage('broken');
  lab.lab.processMachines?.setAgentOfImage(image, ['/bin/false']);
  const { seen, inWords } = await underWrites(lab, 3, async () => {
    const failing = update(image, '--updatetimeout', 'PT15S');
    const bad = await lab.nodeWhere('the new node is on', isNew, LIMIT_MS);
    await rolledBack(failing);
    assert.equal(await lab.host(bad.instance).machine.bootstrapped, 1);
    await completeTerminateHook(lab, bad.instance);
    await lab.untilGone([bad.instance]);
  });
  t.diagnostic(inWords);
  assert.deepEqual([seen.voters.least, seen.voters.most, seen.fewestUp], [3, 3, 3], inWords);
  assert.deepEqual(seen.elections, []);
  assert.deepEqual((await allInService(lab, 3)).toSorted(), good, 'The nodes are the same.');
});

test('an image that stops to work in the middle of an update: the nodes that were replaced are replaced back', {
  timeout: 1_500_000,
}, async (t) => {
  const good = await allInService(lab, 3);
  const isNew = runsBeside(good);
  const image = await newImage('half broken');
  using watch = new TerminationWatch(lab);
  const { seen, inWords } = await underWrites(lab, 3, async () => {
    const failing = update(image, '--updatetimeout', 'PT60S');
    const first = await lab.nodeWhere('the first new node is on', isNew, LIMIT_MS);
    lab.lab.processMachines?.setAgentOfImage(image, ['/bin/false']);
    const bad = await lab.nodeWhere(
      'the second new node is on',
      (node) => isNew(node) && node.instance !== first.instance,
      LIMIT_MS,
    );
    const signalled = (): boolean =>
      lab.agentLog(first.instance).some(({ event, step }) => event === 'acted' && step === 'signal-success');
    await waitFor(signalled, { limitMs: LIMIT_MS, why: 'the first one says that it has voted' });
    await rolledBack(failing);
    await completeTerminateHook(lab, bad.instance);
    await lab.untilGone([bad.instance, first.instance], LIMIT_MS);
  });
  t.diagnostic(inWords);
  assert.ok(seen.fewestUp >= 3 && seen.voters.least >= 3, inWords);
  const now = await allInService(lab, 3);
  assert.equal(
    now.filter((instance) => good.includes(instance)).length,
    2,
    'Two are the same, one was replaced twice.',
  );
  const images = await Promise.all(now.map(imageOf));
  assert.ok(!images.includes(image), 'Nobody has the new image.');
  assert.ok(watch.terminations.every(({ wasMember }) => !wasMember));
});

async function imageOf(instance: string): Promise<string | undefined> {
  const { Reservations } = await lab.lab.operator.ec2.send(new DescribeInstancesCommand({ InstanceIds: [instance] }));
  return Reservations?.[0]?.Instances?.[0]?.ImageId;
}
