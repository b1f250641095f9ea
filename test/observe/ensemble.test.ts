// SPDX-License-Identifier: Apache-2.0
/** Claims 7: which ensemble is this cluster's. The stranger at addresses that are used again is the danger. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Life } from '../../src/model/cloud.ts';
import { type EnsembleConfig, type Member, quorumOf } from '../../src/model/member.ts';
import type { Ensemble, Shared } from '../../src/model/observation.ts';
import { isOurs } from '../../src/observe/ensemble.ts';
import type { Servers } from '../../src/ports.ts';
import {
  addressOf,
  CONFIG_VERSION,
  claimOf,
  ensembleOf,
  genesisOf,
  instanceOf,
  livesOf,
  member,
} from '../decide/parts.ts';

function shared(ids: readonly number[]): Shared {
  return { records: [genesisOf([1, 2, 3])], claims: ids.map((id) => claimOf(id)), dead: [] };
}

function ensemble(members: readonly Member[], leader: number, notUnderstood: readonly string[] = []): Ensemble {
  return ensembleOf(
    members.map(({ id }) => id),
    {
      leader: { id: leader, address: addressOf(leader) },
      config: { version: CONFIG_VERSION, members, ...(notUnderstood.length === 0 ? {} : { notUnderstood }) },
    },
  );
}

const never = new AbortController().signal;

/** Every member's server tells of the ensemble's config, unless `others` says of another one. */
function ours(
  found: Ensemble,
  known: Shared,
  lives: Readonly<Record<string, Life>>,
  others: Readonly<Record<string, EnsembleConfig>> = {},
): Promise<boolean> {
  const servers: Servers = {
    srvr: async () => ({ kind: 'silent', why: 'nobody asks' }),
    learners: async () => assert.fail('Nobody asks for learners.'),
    open: async (address) => ({
      config: async () => others[address] ?? found.config,
      reconfig: async () => 'ok',
      close: async () => undefined,
    }),
  };
  return isOurs(servers, found, known, lives, never);
}

const voters = (...ids: number[]): readonly Member[] => ids.map((id) => member(id));
const OURS = [1, 2, 3];

test('an observer that nobody claimed makes no ensemble a stranger’s', async () => {
  const found = ensemble([...voters(1, 2, 3), member(200, 'observer')], 3);
  assert.equal(await ours(found, shared(OURS), livesOf(OURS)), true);
});

test('a voter that nobody claimed makes no ensemble a stranger’s, as long as most voters are ours', async () => {
  assert.equal(await ours(ensemble(voters(1, 2, 9), 1), shared(OURS), livesOf(OURS)), true);
  assert.equal(await ours(ensemble(voters(1, 8, 9), 1), shared(OURS), livesOf(OURS)), false);
  assert.equal(await ours(ensemble(voters(1, 2, 8, 9), 1), shared(OURS), livesOf(OURS)), false);
});

test('a stranger at the addresses of our dead is looked past, whatever ids it has', async () => {
  const found = ensemble(voters(1, 2, 3), 3);
  assert.equal(await ours(found, shared(OURS), livesOf(OURS, 'gone')), false);
  assert.equal(await ours(found, shared(OURS), { ...livesOf([1, 2]), ...livesOf([3], 'gone') }), false);
  // Where our leader lives nobody else can be, however many of the others are dead.
  assert.equal(await ours(found, shared(OURS), { ...livesOf([3]), ...livesOf([1, 2], 'gone') }), true);
});

test('where EC2 does not say that the leader’s instance lives, every voter must be claimed', async () => {
  assert.equal(await ours(ensemble(voters(1, 2, 9), 1), shared(OURS), {}), false);
  assert.equal(await ours(ensemble(voters(1, 2, 3), 1), shared(OURS), {}), true);
  assert.equal(await ours(ensemble([...voters(1, 2, 3), member(200, 'observer')], 1), shared(OURS), {}), true);
});

test('a leader that nobody claimed is ours if a server of a living instance of ours serves under its config', async () => {
  const found = ensemble(voters(1, 2, 9), 9);
  assert.equal(await ours(found, shared(OURS), livesOf([1])), true);
  assert.equal(await ours(found, shared(OURS), {}), false, 'no life is known');
  assert.equal(await ours(found, shared(OURS), livesOf(OURS, 'gone')), false, 'at addresses of the dead');
  const silent = { ...found, servingIds: [9] };
  assert.equal(await ours(silent, shared(OURS), livesOf(OURS)), false, 'none of ours serves');
  const own = { version: CONFIG_VERSION, members: voters(1, 2, 3) };
  const elsewhere = { [addressOf(1)]: own, [addressOf(2)]: own };
  assert.equal(await ours(found, shared(OURS), livesOf(OURS), elsewhere), false, 'ours serve under another config');
  // Most voters are strangers.
  assert.equal(await ours(ensemble(voters(1, 8, 9), 9), shared(OURS), livesOf(OURS)), false);
});

test('a line about a member that can’t be understood counts as a voter that nobody claimed', async () => {
  const lines = ['server.8=?', 'server.9=?'];
  assert.equal(await ours(ensemble(voters(1, 2, 3), 1, lines), shared(OURS), livesOf(OURS)), true);
  assert.equal(await ours(ensemble(voters(1, 2), 1, lines), shared(OURS), livesOf(OURS)), false);
});

const KINDS = ['alive', 'shutting-down', 'gone', 'unknown', 'unclaimed', 'observer'] as const;

/** Every ensemble of up to four members of these kinds, under every leader. */
function* ensembles(): Generator<{ kinds: readonly (typeof KINDS)[number][]; leader: number }> {
  for (let size = 1; size <= 4; size++) {
    for (let number = 0; number < KINDS.length ** size; number++) {
      const kinds = Array.from({ length: size }, (_, place) => {
        return KINDS[Math.floor(number / KINDS.length ** place) % KINDS.length] ?? 'gone';
      });
      for (let leader = 1; leader <= size; leader++) if (kinds[leader - 1] !== 'observer') yield { kinds, leader };
    }
  }
}

test('of every ensemble of ours a server on a living instance of ours leads it or serves in it', async () => {
  let accepted = 0;
  for (const { kinds, leader } of ensembles()) {
    const members = kinds.map((kind, index) => member(index + 1, kind === 'observer' ? 'observer' : 'participant'));
    const claimed = members
      .filter(({ id }) => !['unclaimed', 'observer'].includes(kinds[id - 1] ?? ''))
      .map(({ id }) => id);
    const lives: Record<string, Life> = {};
    for (const id of claimed) lives[instanceOf(id)] = kinds[id - 1] as Life;
    if (!(await ours(ensemble(members, leader), shared(claimed), lives))) continue;
    accepted++;
    const size = members.filter(({ role }) => role === 'participant').length;
    const count = (...wanted: string[]): number => kinds.filter((kind) => wanted.includes(kind)).length;
    const where = `${kinds.join(', ')} under ${leader}`;
    switch (kinds[leader - 1]) {
      case 'alive':
      case 'shutting-down':
        assert.ok(count('unclaimed') < quorumOf(size), where);
        break;
      case 'unknown':
        assert.equal(count('unclaimed'), 0, where);
        break;
      default:
        assert.equal(kinds[leader - 1], 'unclaimed', where);
        assert.ok(count('unclaimed') < quorumOf(size), where);
        assert.ok(count('alive', 'shutting-down') > 0, where);
    }
  }
  assert.ok(accepted > 500, `${accepted} are ours`);
});
