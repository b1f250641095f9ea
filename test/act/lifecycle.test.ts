// SPDX-License-Identifier: Apache-2.0
/** What the group and the stack are told, in which order, and what is looked at once more before. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AgentError } from '../../src/errors.ts';
import { memberAt } from '../../src/model/member.ts';
import { addressOf, configOf, genesisOf, instanceOf } from '../decide/parts.ts';
import { SCENES, type Scene } from './steps.ts';
import { assertOrder, isChanged, take } from './take.ts';

test('complete-launch and signal-success: only while the node votes', async () => {
  for (const kind of ['complete-launch', 'signal-success'] as const) {
    const scene = SCENES[kind]();
    scene.node.configs.set(addressOf(1), configOf([2, 3]));
    await assert.rejects(take(scene), isChanged, kind);
    assert.equal(scene.node.effects, 0, kind);
  }
});

test('signal-success: the mark comes after the signal, which a crash may repeat', async () => {
  const journal = await take(SCENES['signal-success']());
  assertOrder(journal, [`signal SUCCESS of ${instanceOf(1)}`, 'disk mark signalled']);
});

test('give-up-launch: the stack is told before the launch is abandoned', async () => {
  const journal = await take(SCENES['give-up-launch']());
  assertOrder(journal, [`signal FAILURE of ${instanceOf(1)}`, `complete launch of ${instanceOf(1)}: ABANDON`]);
});

test('give-up-launch: before anybody is told the node marks that it takes no part any more, where a hook waits', async () => {
  const scene = SCENES['give-up-launch']();
  assertOrder(await take(scene), ['disk mark abandoned', 'signal FAILURE', 'complete launch']);

  const { step, node } = SCENES['give-up-launch']();
  assert.ok(step.kind === 'give-up-launch');
  const { hook: _, ...withoutHook } = step;
  await take({ step: withoutHook, node });
  assert.equal(node.disk.abandoned, undefined);
});

test('give-up-launch: a disk that does not take the mark keeps the launch, since the call could arrive late', async () => {
  const { step, node } = SCENES['give-up-launch']();
  node.onCall = (call) => {
    if (call === 'disk mark abandoned') throw new AgentError('NO_SPACE', 'The disk is full.', 'Free some space.');
  };
  await assert.rejects(take({ step, node }), { code: 'NO_SPACE' });
  assert.deepEqual([[...node.signals], [...node.completed]], [[], []]);
});

test('give-up-launch: a stack that takes the instance away when it is told is left to do so', async () => {
  const scene = SCENES['give-up-launch']();
  const { node } = scene;
  let looks = 0;
  node.onCall = (call) => {
    if (call !== 'group' || node.signals.size === 0 || ++looks < 3) return;
    node.group = { ...node.group, instances: [{ instance: instanceOf(1), lifecycleState: 'Terminating:Wait' }] };
  };
  const journal = await take(scene);
  assert.ok(looks >= 3 && journal.some((entry) => entry.startsWith('sleep')), journal.join('\n'));
  assert.deepEqual([...node.completed], []);
});

test('give-up-launch: not when the world has changed since the look', async () => {
  const changes: Readonly<Record<string, (node: Scene['node']) => void>> = {
    'the launch is over': (node) => {
      node.group = { ...node.group, instances: [{ instance: instanceOf(1), lifecycleState: 'InService' }] };
    },
    'maintenance is on': (node) => {
      node.group = { ...node.group, maintenance: true };
    },
    'there is a record': (node) => node.shelf.put('lineage/000001.json', genesisOf([1, 2, 3])),
    'it was added after all': (node) => node.configs.set(addressOf(1), configOf([1, 2, 3])),
  };
  for (const [what, change] of Object.entries(changes)) {
    const scene = SCENES['give-up-launch']();
    change(scene.node);
    await assert.rejects(take(scene), isChanged, what);
    assert.equal(scene.node.effects, 0, what);
  }
});

test('give-up-launch: a dead member that had this address is not this node', async () => {
  const { step, node } = SCENES['give-up-launch']();
  assert.ok(step.kind === 'give-up-launch');
  node.configs.set(addressOf(1), {
    ...configOf([2, 3]),
    members: [...configOf([2, 3]).members, memberAt(4, addressOf(1), 'participant')],
  });
  const journal = await take({ step: { ...step, id: 1 }, node });
  assertOrder(journal, [`complete launch of ${instanceOf(1)}: ABANDON`]);
});

test('complete-leaving: not with a server that runs', async () => {
  const scene = SCENES['complete-leaving']();
  scene.node.running = true;
  await assert.rejects(take(scene), isChanged);
  assert.equal(scene.node.effects, 0);
});
