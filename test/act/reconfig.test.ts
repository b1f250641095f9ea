/** What the steps that change who is a member look at once more in the config that their own session reads. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf, configOf, instanceOf } from '../decide/situation.ts';
import { SCENES } from './steps.ts';
import { isChanged, take } from './take.ts';

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
