// SPDX-License-Identifier: Apache-2.0
/** What a person reads is no false alarm: a lost answer is asked for again, and what is unknown is not called lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lookUntilSure } from '../../src/commands/one-look.ts';
import { decide } from '../../src/decide/decide.ts';
import { standingFacts } from '../../src/facts/standing.ts';
import { sightOf } from '../../src/loop.ts';
import { known, unknown } from '../../src/model/cloud.ts';
import type { Observation } from '../../src/model/observation.ts';
import { healthy } from '../decide/situations.ts';

const { signal } = new AbortController();

/** Looks that see these worlds one after the other, the last one ever after. */
function looks(...worlds: readonly Observation[]) {
  const taken: Observation[] = [];
  const look = async () => {
    const observation = worlds[Math.min(taken.length, worlds.length - 1)] as Observation;
    taken.push(observation);
    return { observation, decision: decide(observation) };
  };
  const sleep = async (): Promise<void> => {};
  return { taken, seen: lookUntilSure(look, { sleep }, signal) };
}

function withoutLeader(): Observation {
  const { ensemble: _, ...rest } = healthy();
  return { ...rest, ensemble: undefined };
}

function withSilentServer(): Observation {
  const whole = healthy();
  return { ...whole, server: { ...whole.server, answer: { kind: 'silent', why: 'no answer within 1 s' } } };
}

function withSilentVoter(): Observation {
  const whole = healthy();
  assert.ok(whole.ensemble);
  return { ...whole, ensemble: { ...whole.ensemble, servingIds: whole.ensemble.servingIds.slice(1) } };
}

test('a healthy ensemble is looked at once', async () => {
  const { taken, seen } = looks(healthy());
  await seen;
  assert.equal(taken.length, 1);
});

for (const [what, world] of [
  ['no leader', withoutLeader],
  ['a silent server', withSilentServer],
  ['a silent voter', withSilentVoter],
] as const) {
  test(`${what}, seen once: it is looked at again, and all is well`, async () => {
    const { taken, seen } = looks(world(), healthy());
    assert.deepEqual((await seen).observation, healthy());
    assert.equal(taken.length, 2);
  });

  test(`${what}, seen every time: that is what is told, after three looks`, async () => {
    const { taken, seen } = looks(world());
    assert.deepEqual((await seen).observation, world());
    assert.equal(taken.length, 3);
  });
}

test('without AWS nobody knows which ensemble is ours: that is no lost leader, and one look is enough', async () => {
  const blind: Observation = { ...withoutLeader(), shared: unknown('AWS does not answer') };
  const { taken, seen } = looks(blind);
  const { observation } = await seen;
  assert.equal(taken.length, 1);
  assert.match(sightOf(observation), /leader not known without AWS/);
  assert.match(sightOf(withoutLeader()), /no leader/);
});

test('what stands although all is well is told, and a group that can not be read says nothing', () => {
  const whole = healthy();
  assert.deepEqual(standingFacts(whole), []);
  assert.ok(whole.group.known);
  const instances = whole.group.value.instances.map((each, at) =>
    at === 0 ? { ...each, lifecycleState: 'Terminating:Wait' } : each,
  );
  const held = { ...whole.group.value, maintenance: true, suspended: ['Launch'], instances };
  const facts = standingFacts({ ...whole, group: known(held) });
  assert.equal(facts.length, 3);
  assert.match(facts.join('\n'), /Maintenance is on.*suspended Launch.*holds i-\w+ in Terminating:Wait/s);
  assert.deepEqual(standingFacts({ ...whole, group: unknown('no answer') }), []);
});
