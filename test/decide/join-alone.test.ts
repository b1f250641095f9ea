// SPDX-License-Identifier: Apache-2.0
/** Joining 7: which config a joiner with data starts on while no leader is in sight. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../src/decide/decide.ts';
import type { EnsembleConfig } from '../../src/model/member.ts';
import type { Decision } from '../../src/model/step.ts';
import { toZxid } from '../../src/model/zxid.ts';
import { configOf, diskOf, member } from './parts.ts';
import { silent } from './situations.ts';

const STOPPED = { upMs: undefined, answer: { kind: 'silent', why: 'refused' } } as const;
const PENDING_VERSION = toZxid(0x100000009n);

function decided(pending: EnsembleConfig): Decision {
  return decide(silent({ disk: diskOf(1, { config: configOf([2, 3]), pending }), server: STOPPED }));
}

test('Joining 7: the pending config counts before the committed one, since it may have committed unseen', () => {
  const decision = decided(configOf([2, 4], PENDING_VERSION));
  assert.ok(decision.kind === 'step' && decision.step.kind === 'prepare-join', JSON.stringify(decision));
  assert.deepEqual(
    decision.step.members.map(({ id, role }) => [id, role]),
    [
      [1, 'observer'],
      [2, 'participant'],
      [4, 'participant'],
    ],
  );
});

test('Joining 7: whose only config is the first one, proposed, votes in it: nobody else knows a later one', () => {
  const roles = (pending: EnsembleConfig) => {
    const { config: _, ...disk } = diskOf(1, { pending });
    const torn = { what: 'config', file: '/etc/zookeeper/zoo.cfg', why: 'it is empty' } as const;
    const decision = decide(silent({ disk: { ...disk, unreadable: [torn] }, server: STOPPED }));
    assert.ok(decision.kind === 'step' && decision.step.kind === 'prepare-join', JSON.stringify(decision));
    return decision.step.members.map(({ id, role }) => [id, role]);
  };
  const voters = [1, 2, 3].map((id) => [id, 'participant']);
  assert.deepEqual(roles(configOf([1, 2, 3], toZxid(0x100000000n))), voters);
  // A later one may never have committed, and may be smaller than the one that did.
  assert.deepEqual(roles(configOf([1, 2, 3], PENDING_VERSION))[0], [1, 'observer']);
});

test('Joining 7: not under an id that the pending config gives to another address', () => {
  const config = configOf([2, 3], PENDING_VERSION);
  const taken = { ...config, members: [...config.members, member(1, 'participant', '10.0.0.9')] };
  const decision = decided(taken);
  assert.ok(decision.kind !== 'step' || decision.step.kind !== 'prepare-join', JSON.stringify(decision));
});
