// SPDX-License-Identifier: Apache-2.0
/** What the steps that change who is a member look at once more in the config that their own session reads. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AgentError } from '../../src/errors.ts';
import { addressOf, configOf, instanceOf } from '../decide/parts.ts';
import { SCENES } from './steps.ts';
import { assertOrder, isChanged, take } from './take.ts';

for (const kind of ['add-self', 'remove-members', 'remove-self'] as const) {
  test(`${kind}: through the own server with its secret, and only from the config that was decided on`, async () => {
    const scene = SCENES[kind]();
    assertOrder(await take(scene), ['open 10.0.0.1 with secret', 'config', 'reconfig', 'close']);

    const moved = SCENES[kind]();
    moved.node.configs.set(addressOf(1), configOf([1, 2, 3, 4], '0000000100000008'));
    await assert.rejects(take(moved), isChanged);
    assert.equal(moved.node.effects, 0);
  });

  for (const answer of ['in-progress', 'no-quorum', 'stale-version', 'maybe-applied'] as const) {
    test(`${kind}: ${answer} means to look again, and the session is closed`, async () => {
      const scene = SCENES[kind]();
      scene.node.reconfigAnswer = answer;
      await assert.rejects(take(scene), isChanged);
      assert.equal(scene.node.journal.filter((entry) => entry.startsWith('reconfig')).length, 1);
      assert.equal(scene.node.journal.at(-1), 'close 10.0.0.1');
    });
  }

  test(`${kind}: a secret that the own server refuses is told to the operator`, async () => {
    const scene = SCENES[kind]();
    scene.node.reconfigAnswer = 'not-authorized';
    await assert.rejects(take(scene), (error) => error instanceof AgentError && error.code === 'NOT_AUTHORIZED');
  });
}

for (const kind of ['add-self', 'remove-members'] as const) {
  test(`${kind}: a living member whom no list shows is not removed in place of its dead predecessor`, async () => {
    const scene = SCENES[kind]();
    const { shelf, configs } = scene.node;
    configs.set(addressOf(1), configOf(kind === 'add-self' ? [2, 3] : [1, 2, 3]));
    shelf.put('claims/3.1.json', { instance: 'i-0dead', address: addressOf(3) });
    shelf.put('claims/3.2.json', { instance: instanceOf(3), address: addressOf(3) });
    const removal = kind === 'add-self' ? { leaving: [3] } : { ids: [3] };
    const step = { ...scene.step, ...removal, dead: ['i-0dead'] } as typeof scene.step;
    await assert.rejects(take({ ...scene, step }), isChanged);
    assert.equal(scene.node.effects, 0);

    const both = { ...step, dead: ['i-0dead', instanceOf(3)] } as typeof scene.step;
    await take({ ...scene, step: both });
    assert.equal(scene.node.effects, 1);
  });

  test(`${kind}: a claim that can not be read is unknown, and nobody is removed`, async () => {
    const scene = SCENES[kind]();
    scene.node.shelf.objectsByKey.set('claims/3.1.json', { body: '', etag: 'e' });
    const removal = kind === 'add-self' ? { leaving: [3] } : { ids: [3] };
    const step = { ...scene.step, ...removal, dead: [instanceOf(3)] } as typeof scene.step;
    await assert.rejects(take({ ...scene, step }), isChanged);
    assert.equal(scene.node.effects, 0);
  });
}

test('remove-self: not when the rest has stopped serving since the look', async () => {
  const scene = SCENES['remove-self']();
  scene.node.answers.delete(addressOf(2));
  await assert.rejects(take(scene), isChanged);
  assert.ok(!scene.node.journal.some((entry) => entry.startsWith('reconfig')));
});

for (const kind of ['add-self', 'remove-members', 'remove-self'] as const) {
  test(`${kind}: not while the config has a line that can not be understood, which may be a voter`, async () => {
    const scene = SCENES[kind]();
    const config = scene.node.configs.get(addressOf(1)) ?? configOf([]);
    scene.node.configs.set(addressOf(1), { ...config, notUnderstood: ['group.1=1:2:3'] });
    await assert.rejects(take(scene), isChanged);
    assert.equal(scene.node.effects, 0);
  });
}

test('remove-members: not once the config is without them', async () => {
  const scene = SCENES['remove-members']();
  assert.ok(scene.step.kind === 'remove-members');
  await assert.rejects(take({ ...scene, step: { ...scene.step, ids: [9], dead: [instanceOf(9)] } }), isChanged);
  assert.equal(scene.node.effects, 0);
});
