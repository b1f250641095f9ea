// SPDX-License-Identifier: Apache-2.0
/** A wait for a fact that could not be had says which failure it was, with its code and what a person does about it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../src/decide/decide.ts';
import { known, unknown } from '../../src/model/cloud.ts';
import type { Observation } from '../../src/model/observation.ts';
import { addressOf, diskOf, ensembleOf, groupOf, LEADS, livesOf, STACK, STOPPED } from './parts.ts';
import {
  beforeFirstStart,
  beforeGenesis,
  claimedNewcomer,
  fencedSurvivor,
  healthy,
  leaving,
  newcomer,
  silent,
  stopped,
} from './situations.ts';

const FAILURE = { code: 'AWS_UNAVAILABLE', next: 'Look at the network.' } as const;
const LOST = unknown('it did not answer in time.', FAILURE);
const DEAD = {
  server: LEADS,
  lives: { ...livesOf([1, 2]), ...livesOf([3], 'gone') },
  ensemble: ensembleOf([1, 2, 3], { leader: { id: 1, address: addressOf(1) }, servingIds: [1, 2] }),
};

const WAITS: Readonly<Record<string, Observation>> = {
  'nothing is done without the bucket': stopped({ disk: diskOf(1, { left: true }), shared: LOST, silence: LOST }),
  'a server without quorum runs on without the bucket': silent({ shared: LOST, silence: LOST }),
  'the reports can’t be read': silent({ silence: LOST }),
  'no id is claimed without a group': newcomer({ group: LOST }),
  'no first ensemble without a group': beforeGenesis({ group: LOST }),
  'no first ensemble without the target state': beforeGenesis({ targetState: LOST }),
  'no first start without a group': beforeFirstStart({ group: LOST }),
  'nobody joins without a group': claimedNewcomer({ group: LOST }),
  'nobody joins without the target state': claimedNewcomer({ targetState: LOST }),
  'no recovery by force without a group': fencedSurvivor({ group: LOST }),
  'a launch hook is not answered without a group': healthy({
    disk: diskOf(1, { ready: false }),
    stack: STACK,
    group: LOST,
  }),
  'a terminate hook is not answered without a group': leaving({
    group: LOST,
    server: STOPPED,
    ensemble: ensembleOf([2, 3]),
  }),
  'the stack is not told without a group': healthy({ stack: { signals: true }, group: LOST }),
  'the dead are not removed without a group': healthy({
    ...DEAD,
    order: { command: 'remove-terminated', allowEmptyGenesis: false, rejoin: false },
    group: LOST,
  }),
};

for (const [what, observation] of Object.entries(WAITS)) {
  test(`${what}, and the failure is told`, () => {
    const decision = decide(observation);
    assert.ok(decision.kind === 'wait', JSON.stringify(decision));
    assert.match(decision.why, /it did not answer in time/);
    assert.deepEqual(decision.missing, FAILURE);
  });
}

test('a wait for something else, and one for a fact without a code, tell of no failure', () => {
  for (const observation of [
    silent(),
    silent({ silence: unknown('S3 timed out') }),
    beforeGenesis({ group: groupOf([1], { maintenance: true }) }),
  ]) {
    const decision = decide({ ...observation, targetState: known('InService') });
    assert.ok(decision.kind === 'wait');
    assert.equal(decision.missing, undefined);
  }
});
