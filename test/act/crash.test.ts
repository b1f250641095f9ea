// SPDX-License-Identifier: Apache-2.0
/**
 * Every step survives the death of the process after each of its effects: done again by a new process, it ends where
 * an undisturbed run ends, and nothing of the data was lost on the way. The cases come from the type of the steps.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACTS, act } from '../../src/act/act.ts';
import { AgentError } from '../../src/errors.ts';
import type { StepKind } from '../../src/model/step.ts';
import { PRODUCTION_TIMINGS } from '../../src/timings.ts';
import { addressOf, CLUSTER, instanceOf } from '../decide/parts.ts';
import { Crash } from './memory-node.ts';
import { firstStartWithoutItsFloor, foundingFromAside, SCENES, type Scene } from './steps.ts';

const signal = new AbortController().signal;

async function take({ step, node }: Scene): Promise<void> {
  const self = { instance: instanceOf(node.id), address: addressOf(node.id), cluster: CLUSTER };
  await act(step, { ports: node.ports, self, timings: PRODUCTION_TIMINGS, signal });
}

/**
 * What is left in the end. Data may lie aside once more than in an undisturbed run, and never once less; what is to be
 * done seldom may be counted once more.
 */
function outcome({ node }: Scene): unknown {
  const { aside: _, occasions: _counted, ...disk } = node.disk;
  const { running, shelf, completed, signals, attached } = node;
  return { disk, running, completed, signals, attached, bodies: shelf.bodies(), streams: [...shelf.streams.keys()] };
}

function dataOf({ node }: Scene): readonly string[] {
  const all = [node.disk.data, ...node.disk.aside.map((aside) => aside.data)];
  return all.flatMap((data) => (data === undefined ? [] : [data.lastZxid]));
}

const scenes: [string, () => Scene][] = [
  ...(Object.keys(ACTS) as StepKind[]).map((kind): [string, () => Scene] => [kind, SCENES[kind]]),
  ['found-forced from data set aside', foundingFromAside],
  ['start-server, for the first time and without version-2', firstStartWithoutItsFloor],
];

for (const [name, scene] of scenes) {
  test(`${name}: whole after a crash after any of its effects`, async () => {
    const whole = scene();
    await take(whole);
    // A look at the tags is for people; everything else changes at least one thing.
    const effects = whole.node.effects;
    assert.ok(effects >= 1, `${name} changes nothing`);
    for (let dies = 1; dies <= effects; dies++) {
      const crashed = scene();
      crashed.node.crashAfterEffect = dies;
      await assert.rejects(take(crashed), Crash, `${name} has no effect ${dies}`);
      crashed.node.reborn();
      await take(crashed).catch((error: unknown) => {
        // A reconfiguration that was made is found to be made; a claim that was made is found by the next look.
        if (!(error instanceof AgentError) || error.code !== 'PRECONDITION_CHANGED') throw error;
      });
      for (const zxid of dataOf(scene())) {
        assert.ok(dataOf(crashed).includes(zxid), `data is lost after effect ${dies}`);
      }
      if (name === 'claim-id' && dies === 1) {
        // Nobody can tell whose stream that is, its maker neither: after a while it is void (Claims 4).
        assert.equal(crashed.node.shelf.objectsByKey.has('claims/4.1.json'), false);
        continue;
      }
      assert.deepEqual(outcome(crashed), outcome(whole), `${name}, after effect ${dies}`);
    }
  });
}
