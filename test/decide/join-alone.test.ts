// SPDX-License-Identifier: Apache-2.0
/** Joining 7: which config a joiner with data starts on while no leader is in sight. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../src/decide/decide.ts';
import type { DiskFacts } from '../../src/model/disk.ts';
import type { EnsembleConfig } from '../../src/model/member.ts';
import type { Observation } from '../../src/model/observation.ts';
import type { Decision } from '../../src/model/step.ts';
import { toZxid, ZXID_ZERO } from '../../src/model/zxid.ts';
import {
  addressOf,
  BELOW_COMMITTED,
  CLUSTER,
  CONFIG_VERSION,
  configOf,
  diskOf,
  forcedOf,
  genesisOf,
  member,
  recordMember,
  sharedOf,
} from './parts.ts';
import { silent } from './situations.ts';

const STOPPED = { upMs: undefined, answer: { kind: 'silent', why: 'refused' } } as const;
const PENDING_VERSION = toZxid(0x100000009n);

function decided(pending: EnsembleConfig): Decision {
  return decide(silent({ disk: diskOf(1, { config: configOf([2, 3]), pending }), server: STOPPED }));
}

function prepared(disk: DiskFacts, change: Partial<Observation> = {}) {
  const decision = decide(silent({ disk, server: STOPPED, ...change }));
  assert.ok(decision.kind === 'step' && decision.step.kind === 'prepare-join', JSON.stringify(decision));
  return decision.step;
}

test('Joining 7: the committed config counts, and never the pending one, which others would take for newer', () => {
  const { members, version } = prepared(
    diskOf(1, { config: configOf([2, 3]), pending: configOf([2, 4], PENDING_VERSION) }),
  );
  assert.deepEqual(
    members.map(({ id, role }) => [id, role]),
    [
      [1, 'observer'],
      [2, 'participant'],
      [3, 'participant'],
    ],
  );
  assert.equal(version, BELOW_COMMITTED);
});

test('Joining 7: a version that an agent wrote is not lowered again', () => {
  const versionOf = (config: EnsembleConfig, change?: Partial<Observation>) =>
    prepared(diskOf(1, { config }), change).version;
  // Written for this address under another id.
  const written = { ...configOf([2, 3]), members: [...configOf([2, 3]).members, member(5, 'observer', addressOf(1))] };
  assert.equal(versionOf(written), CONFIG_VERSION);
  // The agent of the release before wrote such files, for a joiner under record 1 and under a later one.
  assert.equal(versionOf(configOf([2, 3], ZXID_ZERO)), ZXID_ZERO);
  const later = { shared: sharedOf([genesisOf([1, 2, 3]), forcedOf(recordMember(2), { epochFloor: 9 })], [1, 2, 3]) };
  const disk = (version: string) =>
    diskOf(1, { config: configOf([2, 3], version), stamp: { cluster: CLUSTER, lineage: 2, id: 1 } });
  assert.equal(prepared(disk(toZxid(0x9ffffffffn)), later).version, toZxid(0x9ffffffffn));
  assert.equal(prepared(disk(toZxid(0xa00000000n)), later).version, toZxid(0x9ffffffffn));
});

test('Joining 7: whose only config is the first one, proposed, votes in it: nobody else knows a later one', () => {
  const { config: _, ...disk } = diskOf(1, {});
  const torn = { what: 'config', file: '/etc/zookeeper/zoo.cfg', why: 'it is empty' } as const;
  const withPending = (version: string) => ({ ...disk, pending: configOf([1, 2, 3], version), unreadable: [torn] });
  const { members, version } = prepared(withPending(toZxid(0x100000000n)));
  assert.deepEqual(
    members.map(({ id, role }) => [id, role]),
    [1, 2, 3].map((id) => [id, 'participant']),
  );
  // It is a first start.
  assert.equal(version, ZXID_ZERO);
  // A later one may never have committed, and may be smaller than the one that did.
  const later = decide(silent({ disk: withPending(PENDING_VERSION), server: STOPPED }));
  assert.ok(later.kind !== 'step' || later.step.kind !== 'prepare-join', JSON.stringify(later));
});

test('Joining 7: not under an id that the pending config gives to another address', () => {
  const config = configOf([2, 3], PENDING_VERSION);
  const taken = { ...config, members: [...config.members, member(1, 'participant', '10.0.0.9')] };
  const decision = decided(taken);
  assert.ok(decision.kind !== 'step' || decision.step.kind !== 'prepare-join', JSON.stringify(decision));
});
