// SPDX-License-Identifier: Apache-2.0
import { known, unknown } from '../../../src/model/cloud.ts';
import { done, take, wait } from '../../../src/model/step.ts';
import { toZxid } from '../../../src/model/zxid.ts';
import {
  addressOf,
  BELOW_COMMITTED,
  COMMITTED,
  CONFIG_VERSION,
  claimOf,
  configOf,
  dataOf,
  diskOf,
  EMPTY_DISK,
  ensembleOf,
  forcedOf,
  genesisOf,
  groupFact,
  groupIn,
  groupOf,
  instanceOf,
  LEADS,
  LOOKS_FOR_A_LEADER,
  livesOf,
  member,
  newDiskOf,
  orderOf,
  recordMember,
  STACK,
  STOPPED,
  selfOf,
  sharedOf,
  silenceOf,
} from '../parts.ts';

import {
  claimedNewcomer,
  healthy,
  inStack,
  joiner,
  launching,
  launchingAtTheAddressOfTheDead,
  launchingNewcomer,
  removedAndEmpty,
  stopped,
} from '../situations.ts';
import { type Row, row } from './row.ts';

/** Joining: what decide does by the rules of this chapter. */
export const JOINING: readonly Row[] = [
  row(
    'Joining 1: an ensemble below the records floor is not followed',
    claimedNewcomer({
      shared: sharedOf([genesisOf([1, 2, 3]), forcedOf(recordMember(2))], [1, 2, 3, 4]),
      silence: silenceOf([1, 2, 3, 4], []),
    }),
    take(
      { kind: 'raise-fence', record: 2 },
      'Nobody answers as the leader and this node has no data to vote with, so its server stands still.',
    ),
  ),
  row(
    'Joining 10: at the address of a dead member',
    launchingAtTheAddressOfTheDead({ disk: { ...EMPTY_DISK, data: dataOf(1, COMMITTED) } }),
    take(
      { kind: 'give-up-launch', group: 'orders-4f1c2a90-group', hook: 'launch', signals: true, record: 1 },
      'This node could not be brought to vote, and nobody can need its data: the group is to launch another one.',
    ),
  ),
  row(
    'Joining 10: before there is an ensemble',
    launching({ shared: sharedOf([], [1]), group: groupIn([1], { 1: 'Pending:Wait' }), ensemble: undefined }),
    take(
      { kind: 'give-up-launch', group: 'orders-4f1c2a90-group', hook: 'launch', id: 1, signals: true, record: 0 },
      'This node could not be brought to vote, and nobody can need its data: the group is to launch another one.',
    ),
  ),
  row(
    'Joining 10: beside an ensemble',
    launchingNewcomer({ shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3]), lives: livesOf([1, 2, 3]) }),
    take(
      { kind: 'give-up-launch', group: 'orders-4f1c2a90-group', hook: 'launch', id: 4, signals: true, record: 1 },
      'This node could not be brought to vote, and nobody can need its data: the group is to launch another one.',
    ),
  ),
  row(
    'Joining 10: given up and the group does not say',
    healthy({
      order: orderOf({ command: 'bootstrap' }),
      self: selfOf(4),
      disk: newDiskOf(4, { abandoned: true }),
      server: STOPPED,
      group: groupIn([1, 2, 3, 4], { 4: 'Pending:Proceed' }),
      stack: STACK,
    }),
    wait('This node gave its launch up, and its group does not say yet what became of it.'),
  ),
  row(
    'Joining 10: given up in vain',
    healthy({
      order: orderOf({ command: 'bootstrap' }),
      self: selfOf(4),
      disk: newDiskOf(4, { abandoned: true }),
      server: STOPPED,
      group: groupOf([1, 2, 3, 4]),
      stack: STACK,
    }),
    take({ kind: 'unmark-abandoned' }, 'The launch that this node gave up is over, and it is still here.'),
  ),
  row(
    'Joining 10: goes on with what it gave up',
    healthy({
      order: orderOf({ command: 'bootstrap' }),
      self: selfOf(4),
      disk: newDiskOf(4, { abandoned: true }),
      server: STOPPED,
      group: groupIn([1, 2, 3, 4], { 4: 'Pending:Wait' }),
      stack: STACK,
    }),
    take(
      {
        kind: 'give-up-launch',
        group: 'orders-4f1c2a90-group',
        signals: true,
        record: 1,
        again: true,
        hook: 'launch',
        id: 4,
      },
      'This node gave its launch up, and its launch hook still waits for that word.',
    ),
  ),
  row(
    'Joining 10: never as a voter',
    healthy({
      order: orderOf({ command: 'bootstrap' }),
      disk: diskOf(1, { ready: false }),
      group: groupIn([1, 2, 3], { 1: 'Pending:Wait' }),
      stack: STACK,
    }),
    undefined,
  ),
  row(
    'Joining 10: never as a voter that lost its id',
    launchingAtTheAddressOfTheDead({
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4], {
        claims: [
          claimOf(1),
          claimOf(2),
          claimOf(3),
          claimOf(4, { owner: { instance: instanceOf(5), address: addressOf(4) } }),
        ],
      }),
      lives: livesOf([1, 2, 3]),
    }),
    undefined,
  ),
  row(
    'Joining 10: never at a voter’s address whose owner is unknown',
    launchingAtTheAddressOfTheDead({
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4], {
        claims: [claimOf(1), claimOf(2), claimOf(3), claimOf(4, { owner: undefined })],
        dead: [instanceOf(4)],
      }),
    }),
    undefined,
  ),
  row(
    'Joining 10: never in a tick',
    removedAndEmpty({ group: groupIn([1, 2, 3], { 1: 'Pending:Wait' }), stack: STACK }),
    undefined,
  ),
  row(
    'Joining 10: never in maintenance',
    launching({ group: groupIn([1, 2, 3], { 1: 'Pending:Wait' }, { maintenance: true }) }),
    undefined,
  ),
  row(
    'Joining 10: never in service',
    healthy({
      order: orderOf({ command: 'bootstrap' }),
      self: selfOf(4),
      disk: newDiskOf(4),
      server: STOPPED,
      stack: STACK,
    }),
    undefined,
  ),
  row(
    'Joining 10: never while the bucket is unknown',
    launching({ shared: unknown('S3 is late'), ensemble: undefined }),
    undefined,
  ),
  row(
    'Joining 10: never while the quorum is lost',
    healthy({
      order: orderOf({ command: 'bootstrap' }),
      disk: newDiskOf(1),
      server: LOOKS_FOR_A_LEADER,
      group: groupIn([1, 2, 3], { 1: 'Pending:Wait' }),
      ensemble: undefined,
      stack: STACK,
    }),
    undefined,
  ),
  row(
    'Joining 10: never with an addition that may have committed',
    healthy({
      order: orderOf({ command: 'bootstrap' }),
      disk: diskOf(1, { ready: false, pending: configOf([1, 2, 3]) }),
      group: groupIn([1, 2, 3], { 1: 'Pending:Wait' }),
      ensemble: ensembleOf([2, 3]),
      stack: STACK,
    }),
    undefined,
  ),
  row(
    'Joining 10: with an id at the address of a dead member',
    launchingAtTheAddressOfTheDead({
      disk: newDiskOf(5),
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4, 5], {
        claims: [
          claimOf(1),
          claimOf(2),
          claimOf(3),
          claimOf(4),
          claimOf(5, { owner: { instance: instanceOf(5), address: addressOf(4) }, ageMs: 60_000 }),
        ],
        dead: [instanceOf(4)],
      }),
    }),
    take(
      { kind: 'give-up-launch', group: 'orders-4f1c2a90-group', hook: 'launch', id: 5, signals: true, record: 1 },
      'This node could not be brought to vote, and nobody can need its data: the group is to launch another one.',
    ),
  ),
  row(
    'Joining 10: without a launch hook is only told',
    removedAndEmpty({ order: orderOf({ command: 'bootstrap' }), stack: { signals: true } }),
    take(
      { kind: 'give-up-launch', group: 'orders-4f1c2a90-group', id: 1, signals: true, record: 1 },
      'This node could not be brought to vote, and nobody can need its data: the group is to launch another one.',
    ),
  ),
  row(
    'Joining 2: a server on damaged data stops first',
    healthy({
      disk: diskOf(1, { data: dataOf(1, COMMITTED, { damage: 'log.100000001 has a wrong checksum at byte 4242' }) }),
      server: { ...LOOKS_FOR_A_LEADER, upMs: 90_000 },
      ensemble: ensembleOf([1, 2, 3], { servingIds: [2, 3] }),
    }),
    take(
      { kind: 'stop-server' },
      'The data on this disk is damaged (log.100000001 has a wrong checksum at byte 4242), and the ensemble has all of it. Its server must not run with it.',
    ),
  ),
  row(
    'Joining 2: behind the fence',
    healthy({
      disk: diskOf(1, { reported: true, freeShare: 0.6, fence: { record: 1 } }),
      server: STOPPED,
      shared: sharedOf([genesisOf([1, 2, 3]), forcedOf(recordMember(3))], [1, 2, 3]),
      ensemble: ensembleOf([3], { epoch: 2 }),
    }),
    take(
      { kind: 'set-data-aside', name: 'lineage-1-before-2' },
      "The data on this disk is of lineage 1, and the ensemble's is 2. It is renamed aside.",
    ),
  ),
  row(
    'Joining 2: damaged data is set aside',
    healthy({
      disk: diskOf(1, {
        data: dataOf(1, COMMITTED, { damage: 'log.100000001 has a wrong checksum at byte 4242' }),
        freeShare: 0.6,
      }),
      server: STOPPED,
      ensemble: ensembleOf([1, 2, 3], { servingIds: [2, 3] }),
    }),
    take(
      { kind: 'set-data-aside', name: 'lineage-1-before-1' },
      'The data on this disk is damaged (log.100000001 has a wrong checksum at byte 4242), and the ensemble has all of it. It is renamed aside.',
    ),
  ),
  row(
    'Joining 2: data of an older lineage is set aside',
    healthy({
      disk: diskOf(1, { freeShare: 0.6 }),
      server: STOPPED,
      shared: sharedOf([genesisOf([1, 2, 3]), forcedOf(recordMember(3))], [1, 2, 3]),
      ensemble: ensembleOf([3], { epoch: 2 }),
    }),
    take(
      { kind: 'set-data-aside', name: 'lineage-1-before-2' },
      "The data on this disk is of lineage 1, and the ensemble's is 2. It is renamed aside.",
    ),
  ),
  row(
    'Joining 3: a crashed joiner starts from its own file',
    joiner({ server: STOPPED }),
    take({ kind: 'start-server' }, 'The config on this disk holds this node, so its server starts from it.'),
  ),
  row(
    'Joining 3: a joiner whose server wrote a config without it gets a fresh one',
    claimedNewcomer({ disk: diskOf(4, { ready: false }) }),
    take(
      {
        kind: 'prepare-join',
        version: BELOW_COMMITTED,
        members: [member(1), member(2), member(3), member(4, 'observer')],
        id: 4,
        lineage: 1,
      },
      'An ensemble of the newest record answers; this node joins it with a fresh config.',
    ),
  ),
  row(
    'Joining 3: a listed member gets a fresh config as participant',
    healthy({ disk: newDiskOf(1), server: STOPPED, ensemble: ensembleOf([1, 2, 3], { servingIds: [2, 3] }) }),
    take(
      { kind: 'prepare-join', version: BELOW_COMMITTED, members: [member(1), member(2), member(3)], id: 1, lineage: 1 },
      'An ensemble of the newest record answers; this node joins it with a fresh config.',
    ),
  ),
  row(
    'Joining 3: a member restarts from what its server wrote',
    healthy({ server: STOPPED, ensemble: ensembleOf([1, 2, 3], { servingIds: [2, 3] }) }),
    take({ kind: 'start-server' }, 'The config on this disk holds this node, so its server starts from it.'),
  ),
  row(
    'Joining 3: a server that finds no leader is given time',
    joiner({ server: { ...LOOKS_FOR_A_LEADER, upMs: 30_000 } }),
    wait('The server of this node has not found the leader yet.', 'no leader found'),
  ),
  row(
    'Joining 3: a server that found no leader for long gets a fresh config',
    joiner({
      server: {
        ...LOOKS_FOR_A_LEADER,
        upMs: 61_000,
        signs: { idleForMs: 25_000, learners: { known: true, value: 2 } },
      },
      watch: { digest: 'no leader found', forMs: 20_000 },
    }),
    take(
      {
        kind: 'prepare-join',
        version: BELOW_COMMITTED,
        members: [member(1), member(2), member(3), member(4, 'observer')],
        id: 4,
        lineage: 1,
      },
      'The server of this node runs but finds no leader; it is given a fresh config.',
    ),
  ),
  row(
    'Joining 3: an election is no missing leader',
    joiner({ server: { ...LOOKS_FOR_A_LEADER, upMs: 61_000 }, watch: { digest: 'no leader found', forMs: 3_000 } }),
    wait('The server of this node has not found the leader yet.', 'no leader found'),
  ),
  row(
    'Joining 3: an empty node gets a fresh config as observer',
    claimedNewcomer(),
    take(
      {
        kind: 'prepare-join',
        version: BELOW_COMMITTED,
        members: [member(1), member(2), member(3), member(4, 'observer')],
        id: 4,
        lineage: 1,
      },
      'An ensemble of the newest record answers; this node joins it with a fresh config.',
    ),
  ),
  row(
    'Joining 4: a joiner behind the leader waits',
    joiner({ server: { upMs: 9_000, answer: { kind: 'serving', mode: 'follower', zxid: toZxid(0x100000041n) } } }),
    wait("The server of this node is still behind the leader's 0000000100000042."),
  ),
  row(
    'Joining 5: a config of claimed voters is vouched for',
    healthy({
      self: selfOf(3),
      disk: diskOf(3, { vouched: undefined }),
      ensemble: ensembleOf([1, 2, 3], { leader: { id: 2, address: addressOf(2) } }),
    }),
    take(
      { kind: 'vouch-config', version: CONFIG_VERSION, members: 3 },
      'Every voter of this config is a node of this cluster.',
    ),
  ),
  row(
    'Joining 5: a dead member whose removal leaves no quorum stays',
    healthy({
      self: selfOf(5),
      disk: diskOf(5, { config: configOf([1, 2, 3, 4, 5]) }),
      server: LEADS,
      shared: sharedOf([genesisOf([1, 2, 3, 4, 5])], [1, 2, 3, 4, 5]),
      group: groupOf([1, 2, 3, 4, 5], { desired: 5 }),
      lives: { ...livesOf([1], 'gone'), ...livesOf([2, 3, 4, 5]) },
      ensemble: ensembleOf([1, 2, 3, 4, 5], { servingIds: [4, 5] }),
    }),
    done(
      'This node votes as member 5; The instances of members 1 at 10.0.0.1 are gone, but without them the rest has no quorum that serves yet.',
    ),
  ),
  row(
    'Joining 5: a follower leaves removals to the leader',
    healthy({
      lives: { ...livesOf([1, 3]), ...livesOf([2], 'gone') },
      ensemble: ensembleOf([1, 2, 3], { servingIds: [1, 3] }),
    }),
    done('This node votes as member 1; nothing is left to do.'),
  ),
  row(
    'Joining 5: a reused address is not the old member',
    healthy({
      self: selfOf(5),
      disk: diskOf(5, { config: configOf([1, 2, 3, 4, 5]) }),
      server: LEADS,
      shared: sharedOf([genesisOf([1, 2, 3, 4, 5])], [1, 1, 2, 3, 4, 5], {
        claims: [
          claimOf(1, { owner: { instance: 'i-0dead', address: addressOf(1) } }),
          claimOf(1, { generation: 2 }),
          claimOf(2),
          claimOf(3),
          claimOf(4),
          claimOf(5),
        ],
      }),
      group: groupOf([1, 2, 3, 4, 5], { desired: 5 }),
      lives: { ...livesOf([1, 2, 3, 4, 5]), 'i-0dead': 'gone' },
      ensemble: ensembleOf([1, 2, 3, 4, 5], { servingIds: [2, 3, 4, 5] }),
    }),
    done('This node votes as member 5; nothing is left to do.'),
  ),
  row(
    'Joining 5: a shutting down member is removed',
    joiner({
      lives: { ...livesOf([2, 3, 4]), ...livesOf([1], 'shutting-down') },
      ensemble: ensembleOf([1, 2, 3], { servingIds: [2, 3] }),
    }),
    take(
      { kind: 'add-self', member: member(4), leaving: [1], dead: [instanceOf(1)], fromVersion: CONFIG_VERSION },
      'The server of this node has caught up (0000000100000042), so it is added as member 4. The instances of members 1 at 10.0.0.1 are shutting down or gone for good; at most 1 are removed in one pass.',
    ),
  ),
  row(
    'Joining 5: a synced joiner adds itself',
    joiner(),
    take(
      { kind: 'add-self', member: member(4), leaving: [], dead: [], fromVersion: CONFIG_VERSION },
      'The server of this node has caught up (0000000100000042), so it is added as member 4.',
    ),
  ),
  row(
    'Joining 5: an unknown member stays',
    joiner({ lives: livesOf([2, 3, 4]), ensemble: ensembleOf([1, 2, 3], { servingIds: [2, 3] }) }),
    take(
      { kind: 'add-self', member: member(4), leaving: [], dead: [], fromVersion: CONFIG_VERSION },
      'The server of this node has caught up (0000000100000042), so it is added as member 4.',
    ),
  ),
  row(
    'Joining 5: joining is held back by maintenance',
    joiner({ group: groupOf([1, 2, 3, 4], { maintenance: true }) }),
    wait('This node does not join yet: the group is in maintenance mode.', undefined, [
      { action: 'lift-maintenance', when: [{ is: 'work-is-over' }] },
    ]),
  ),
  row(
    'Joining 5: joining is held back while the group is unknown',
    joiner({ group: unknown('throttled') }),
    wait(
      "This node does not join yet: the Auto Scaling group can't be read (throttled), and it may be in maintenance.",
    ),
  ),
  row(
    'Joining 5: no more than two of five are removed in a pass',
    healthy({
      self: selfOf(5),
      disk: diskOf(5, { config: configOf([1, 2, 3, 4, 5]) }),
      server: LEADS,
      shared: sharedOf([genesisOf([1, 2, 3, 4, 5])], [1, 2, 3, 4, 5]),
      group: groupOf([1, 2, 3, 4, 5], { desired: 5 }),
      lives: { ...livesOf([1, 2, 3], 'gone'), ...livesOf([4, 5]) },
      ensemble: ensembleOf([1, 2, 3, 4, 5], { servingIds: [3, 4, 5] }),
    }),
    take(
      { kind: 'remove-members', ids: [1, 2], dead: [instanceOf(1), instanceOf(2)], fromVersion: CONFIG_VERSION },
      'The instances of members 1 at 10.0.0.1, 2 at 10.0.0.2, 3 at 10.0.0.3 are shutting down or gone for good; at most 2 are removed in one pass.',
    ),
  ),
  row(
    'Joining 5: removal is held back by maintenance',
    healthy({
      self: selfOf(5),
      disk: diskOf(5, { config: configOf([1, 2, 3, 4, 5]) }),
      server: LEADS,
      shared: sharedOf([genesisOf([1, 2, 3, 4, 5])], [1, 2, 3, 4, 5]),
      group: groupOf([1, 2, 3, 4, 5], { maintenance: true }),
      lives: { ...livesOf([1], 'gone'), ...livesOf([2, 3, 4, 5]) },
      ensemble: ensembleOf([1, 2, 3, 4, 5], { servingIds: [2, 3, 4, 5] }),
    }),
    {
      kind: 'done',
      why: 'This node votes as member 5; The instances of members 1 at 10.0.0.1 are gone, and their removal is held back: the group is in maintenance mode.',
      advice: [{ action: 'lift-maintenance', when: [{ is: 'work-is-over' }] }],
    },
  ),
  row(
    'Joining 5: remove terminated on a joiner says where to run it',
    joiner({ order: orderOf({ command: 'remove-terminated' }) }),
    {
      kind: 'refuse',
      code: 'ZOOKEEPER_UNAVAILABLE',
      why: 'This node does not vote in an ensemble that answers, so it can remove nobody.',
      next: 'Run the command on a voter; zk-agent status names them.',
    },
  ),
  row(
    'Joining 5: remove terminated works on a follower',
    healthy({
      order: orderOf({ command: 'remove-terminated' }),
      lives: { ...livesOf([1, 3]), ...livesOf([2], 'gone') },
      ensemble: ensembleOf([1, 2, 3], { servingIds: [1, 3] }),
    }),
    take(
      { kind: 'remove-members', ids: [2], dead: [instanceOf(2)], fromVersion: CONFIG_VERSION },
      'The instances of members 2 at 10.0.0.2 are shutting down or gone for good; at most 1 are removed in one pass.',
    ),
  ),
  row(
    'Joining 5: the address stands under another id',
    joiner({
      ensemble: ensembleOf([1, 2, 3], {
        leader: { id: 2, address: addressOf(2) },
        config: { version: CONFIG_VERSION, members: [member(1), member(2), member(3, 'participant', addressOf(4))] },
      }),
    }),
    wait(
      'The address of this node still stands under id 3 in the config, and that member is not known to be gone. No node of this cluster ever claimed it: whoever added member 3 by hand has to remove it.',
    ),
  ),
  row(
    'Joining 5: the dead leave as the joiner is added',
    joiner({
      lives: { ...livesOf([2, 3, 4]), ...livesOf([1], 'gone') },
      ensemble: ensembleOf([1, 2, 3], { servingIds: [2, 3] }),
    }),
    take(
      { kind: 'add-self', member: member(4), leaving: [1], dead: [instanceOf(1)], fromVersion: CONFIG_VERSION },
      'The server of this node has caught up (0000000100000042), so it is added as member 4. The instances of members 1 at 10.0.0.1 are shutting down or gone for good; at most 1 are removed in one pass.',
    ),
  ),
  row(
    'Joining 5: the leader removes both dead of five',
    healthy({
      self: selfOf(5),
      disk: diskOf(5, { config: configOf([1, 2, 3, 4, 5]) }),
      server: LEADS,
      shared: sharedOf([genesisOf([1, 2, 3, 4, 5])], [1, 2, 3, 4, 5]),
      group: groupOf([1, 2, 3, 4, 5], { desired: 5 }),
      lives: { ...livesOf([1, 2], 'gone'), ...livesOf([3, 4, 5]) },
      ensemble: ensembleOf([1, 2, 3, 4, 5], { servingIds: [3, 4, 5] }),
    }),
    take(
      { kind: 'remove-members', ids: [1, 2], dead: [instanceOf(1), instanceOf(2)], fromVersion: CONFIG_VERSION },
      'The instances of members 1 at 10.0.0.1, 2 at 10.0.0.2 are shutting down or gone for good; at most 2 are removed in one pass.',
    ),
  ),
  row(
    'Joining 5: under a leader by hand no config is vouched for',
    healthy({
      self: selfOf(3),
      disk: diskOf(3, {
        config: {
          version: CONFIG_VERSION,
          members: [member(1), member(2), member(3), member(9, 'participant', '10.9.9.9')],
        },
      }),
      ensemble: ensembleOf([1, 2, 3, 9], {
        leader: { id: 9, address: '10.9.9.9' },
        config: {
          version: CONFIG_VERSION,
          members: [member(1), member(2), member(3), member(9, 'participant', '10.9.9.9')],
        },
      }),
    }),
    done('This node votes as member 3; nothing is left to do.'),
  ),
  row(
    'Joining 6: a new voter completes its launch hook',
    healthy({ disk: diskOf(1, { ready: false }), group: groupIn([1, 2, 3], { 1: 'Pending:Wait' }), stack: STACK }),
    take(
      { kind: 'complete-launch', group: 'orders-4f1c2a90-group', hook: 'launch', id: 1 },
      'This node votes as member 1, so its launch is over.',
    ),
  ),
  row(
    'Joining 6: a new voter is marked ready',
    healthy({ disk: diskOf(1, { ready: false }) }),
    take({ kind: 'mark-ready', id: 1 }, 'This node votes as member 1: its first start is over.'),
  ),
  row(
    'Joining 6: a new voter waits until its launch hook does',
    healthy({ disk: diskOf(1, { ready: false }), group: groupIn([1, 2, 3], { 1: 'Pending' }), stack: STACK }),
    wait('This node votes, and its group does not say yet that its launch hook waits.'),
  ),
  row(
    'Joining 6: a new voter whose hook was answered is ready',
    healthy({ disk: diskOf(1, { ready: false }), group: groupIn([1, 2, 3], { 1: 'Pending:Proceed' }), stack: STACK }),
    take({ kind: 'mark-ready', id: 1 }, 'This node votes as member 1: its first start is over.'),
  ),
  row(
    'Joining 6: a node that does not vote keeps its launch hook',
    healthy({
      disk: diskOf(1, { ready: false, config: configOf([2, 3]) }),
      group: groupIn([1, 2, 3], { 1: 'Pending:Wait' }),
      ensemble: ensembleOf([2, 3], { zxid: toZxid(0x100000043n) }),
      stack: STACK,
    }),
    wait("The server of this node is still behind the leader's 0000000100000043."),
  ),
  row(
    'Joining 6: a voter has nothing left to do',
    healthy(),
    done('This node votes as member 1; nothing is left to do.'),
  ),
  row(
    'Joining 6: an id at another address is not ready',
    healthy({
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4], {
        claims: [
          claimOf(1),
          claimOf(2),
          claimOf(3),
          claimOf(4, { owner: { instance: instanceOf(1), address: addressOf(1) } }),
        ],
      }),
      ensemble: ensembleOf([1, 2, 3], {
        config: { version: CONFIG_VERSION, members: [member(1, 'participant', addressOf(9)), member(2), member(3)] },
      }),
    }),
    take({ kind: 'stop-server' }, "The server runs under id 1, but this node's claim is on id 4."),
  ),
  row(
    'Joining 6: an unknown group may still hold the launch',
    healthy({ disk: diskOf(1, { ready: false }), group: unknown('Auto Scaling is late'), stack: STACK }),
    wait('This node votes, and its launch hook waits for that word, but Auto Scaling is late.'),
  ),
  row(
    'Joining 6: maintenance does not stop the launch hook',
    healthy({
      disk: diskOf(1, { ready: false }),
      group: groupIn([1, 2, 3], { 1: 'Pending:Wait' }, { maintenance: true }),
      stack: STACK,
    }),
    take(
      { kind: 'complete-launch', group: 'orders-4f1c2a90-group', hook: 'launch', id: 1 },
      'This node votes as member 1, so its launch is over.',
    ),
  ),
  row(
    'Joining 7: a joiner with data and no leader starts as observer',
    stopped({
      self: selfOf(4),
      disk: diskOf(4),
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4]),
      lives: livesOf([1, 2, 3, 4]),
      silence: silenceOf([1, 2, 3, 4], []),
    }),
    take(
      {
        kind: 'prepare-join',
        version: BELOW_COMMITTED,
        members: [member(1), member(2), member(3), member(4, 'observer')],
        id: 4,
        lineage: 1,
      },
      'This node has data of the newest lineage, and the last config it knows lacks it: an addition may have committed unseen, and the others may need its vote.',
    ),
  ),
  row(
    'Joining 7: from the committed config, and not from the pending one',
    stopped({
      self: selfOf(4),
      disk: diskOf(4, { pending: configOf([1, 2, 4], toZxid(0x100000050n)) }),
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4]),
      lives: livesOf([1, 2, 3, 4]),
      silence: silenceOf([1, 2, 3, 4], []),
    }),
    take(
      {
        kind: 'prepare-join',
        version: BELOW_COMMITTED,
        members: [member(1), member(2), member(3), member(4, 'observer')],
        id: 4,
        lineage: 1,
      },
      'This node has data of the newest lineage, and the last config it knows lacks it: an addition may have committed unseen, and the others may need its vote.',
    ),
  ),
  row(
    'Joining 7: not with data of an older lineage',
    stopped({
      self: selfOf(4),
      disk: diskOf(4),
      shared: sharedOf([genesisOf([1, 2, 3]), forcedOf(recordMember(2))], [1, 2, 3, 4]),
      lives: livesOf([1, 2, 3, 4]),
      silence: silenceOf([1, 2, 3, 4], []),
    }),
    take(
      { kind: 'raise-fence', record: 2 },
      'Nobody answers as the leader and this node has no data to vote with, so its server stands still.',
    ),
  ),
  row(
    'Joining 8: a node that is to terminate does not join',
    claimedNewcomer({ targetState: known('Terminated') }),
    done('This node has left: no config holds it and its server is stopped.'),
  ),
  row(
    'Joining 9: a dead owner of a reused id and address holds nothing',
    healthy({
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 2, 3], {
        claims: [
          claimOf(1),
          claimOf(2, { owner: { instance: 'i-0a0f', address: addressOf(2) } }),
          claimOf(2, { generation: 2 }),
          claimOf(3),
        ],
      }),
      group: groupOf([1, 2, 3], {
        instances: [...groupFact([1, 2, 3]).instances, { instance: 'i-0a0f', lifecycleState: 'Terminating:Wait' }],
      }),
      lives: { ...livesOf([1, 2, 3]), 'i-0a0f': 'gone' },
      stack: { signals: true },
    }),
    take(
      { kind: 'signal-success', id: 1 },
      'This node votes as member 1, and no member of the config is about to be terminated.',
    ),
  ),
  row(
    'Joining 9: a new voter tells the stack',
    healthy({ stack: STACK }),
    take(
      { kind: 'signal-success', id: 1 },
      'This node votes as member 1, and no member of the config is about to be terminated.',
    ),
  ),
  row(
    'Joining 9: a terminating instance that is no member holds nothing',
    healthy({ group: groupIn([1, 2, 3, 4], { 4: 'Terminating:Wait' }), stack: STACK }),
    take(
      { kind: 'signal-success', id: 1 },
      'This node votes as member 1, and no member of the config is about to be terminated.',
    ),
  ),
  row(
    'Joining 9: a voter that has told the stack is done',
    inStack(),
    done('This node votes as member 1; nothing is left to do.'),
  ),
  row(
    'Joining 9: maintenance does not stop the signal',
    healthy({ group: groupOf([1, 2, 3], { maintenance: true }), stack: STACK }),
    take(
      { kind: 'signal-success', id: 1 },
      'This node votes as member 1, and no member of the config is about to be terminated.',
    ),
  ),
  row(
    'Joining 9: not while a dead member is in the config',
    healthy({ lives: { ...livesOf([1, 3]), ...livesOf([2], 'gone') }, stack: STACK }),
    wait(
      'This node votes, and tells the stack so later: the instance of member 2 at 10.0.0.2 is gone, and the member has to be removed first.',
    ),
  ),
  row(
    'Joining 9: not while a member is shutting down',
    healthy({ lives: { ...livesOf([1, 3]), ...livesOf([2], 'shutting-down') }, stack: STACK }),
    wait(
      'This node votes, and tells the stack so later: the instance of member 2 at 10.0.0.2 is gone, and the member has to be removed first.',
    ),
  ),
  row(
    'Joining 9: not while a member is to be terminated',
    healthy({ group: groupIn([1, 2, 3], { 2: 'Terminating:Wait' }), stack: STACK }),
    wait('This node votes, and tells the stack so later: member 2 at 10.0.0.2 is to leave first.'),
  ),
  row(
    'Joining 9: not while the group is unknown',
    healthy({ group: unknown('Auto Scaling is late'), stack: STACK }),
    wait('This node votes, and tells the stack so later: Auto Scaling is late, so members may be about to leave.'),
  ),
  row(
    'Joining 9: not while the life of a member is unknown',
    healthy({ lives: livesOf([1, 3]), stack: STACK }),
    wait(
      'This node votes, and tells the stack so later: it is not known whether the instance of member 2 at 10.0.0.2 lives.',
    ),
  ),
  row(
    'Joining 9: the launch comes before the signal',
    healthy({
      disk: diskOf(1, { ready: false }),
      group: groupIn([1, 2, 3], { 1: 'Pending:Wait', 2: 'Terminating:Wait' }),
      stack: STACK,
    }),
    take(
      { kind: 'complete-launch', group: 'orders-4f1c2a90-group', hook: 'launch', id: 1 },
      'This node votes as member 1, so its launch is over.',
    ),
  ),
  row(
    'Joining 9: without a stack nobody is told',
    healthy(),
    done('This node votes as member 1; nothing is left to do.'),
  ),
];
