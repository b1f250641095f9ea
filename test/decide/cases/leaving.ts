// SPDX-License-Identifier: Apache-2.0
import { known, unknown } from '../../../src/model/cloud.ts';
import { done, refuse, take, wait } from '../../../src/model/step.ts';
import {
  addressOf,
  CONFIG_VERSION,
  claimOf,
  configOf,
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
  livesOf,
  orderOf,
  recordMember,
  STACK,
  STOPPED,
  sharedOf,
} from '../parts.ts';
import { beforeGenesis, healthy, inStack, leaving, silent, stopped } from '../situations.ts';
import { NOTHING_ELSE_HELPS, start, terminate, tooFewCanRun } from './advised.ts';
import { type Row, row } from './row.ts';

/** Leaving: what decide does by the rules of this chapter. */
export const LEAVING: readonly Row[] = [
  row(
    'Leaving 1: a leaving member behind a newer record does not start its old data',
    healthy({
      targetState: known('Terminated'),
      server: STOPPED,
      shared: sharedOf([genesisOf([1, 2, 3]), forcedOf(recordMember(3))], [1, 2, 3]),
      ensemble: ensembleOf([1, 2, 3], { epoch: 2, servingIds: [2, 3] }),
    }),
    wait('This node is to leave, but its server can’t run; the others remove it once its instance shuts down.'),
  ),
  row(
    'Leaving 1: a marked node goes on leaving after a crash',
    healthy({ disk: diskOf(1, { left: true }) }),
    take(
      { kind: 'remove-self', id: 1, fromVersion: CONFIG_VERSION },
      'This node leaves: member 1 is removed, the rest keeps its quorum.',
    ),
  ),
  row(
    'Leaving 1: a member whose server can not run answers its hook',
    leaving({
      disk: diskOf(1, { nonce: undefined, data: undefined, ready: false, config: undefined }),
      server: STOPPED,
    }),
    take(
      { kind: 'complete-leaving', group: 'orders-4f1c2a90-group', hook: 'terminate' },
      'The server of i-0a01 is stopped, so its instance may be terminated.',
    ),
  ),
  row(
    'Leaving 1: a node that left stays out',
    healthy({ disk: diskOf(1, { left: true }), server: STOPPED, ensemble: ensembleOf([2, 3]) }),
    done('This node has left: no config holds it and its server is stopped.'),
  ),
  row(
    'Leaving 1: a node that never joined answers its hook at once',
    leaving({ disk: EMPTY_DISK, server: STOPPED, ensemble: ensembleOf([2, 3]) }),
    take(
      { kind: 'complete-leaving', group: 'orders-4f1c2a90-group', hook: 'terminate' },
      'The server of i-0a01 is stopped, so its instance may be terminated.',
    ),
  ),
  row(
    'Leaving 1: a node that refuses its data answers its hook beside an ensemble',
    leaving({
      disk: diskOf(1, { stamp: { cluster: 'another-00000000', lineage: 1, id: 1 } }),
      server: STOPPED,
      ensemble: ensembleOf([2, 3]),
    }),
    take(
      { kind: 'complete-leaving', group: 'orders-4f1c2a90-group', hook: 'terminate' },
      'The server of i-0a01 is stopped, so its instance may be terminated.',
    ),
  ),
  row(
    'Leaving 1: a removed server stops after a committed write',
    healthy({ targetState: known('Terminated'), ensemble: ensembleOf([2, 3]) }),
    take(
      { kind: 'stop-removed', id: 1 },
      'The config is without this node; its server stops after one more committed write.',
    ),
  ),
  row(
    'Leaving 1: a server that runs keeps the terminate hook',
    leaving({ ensemble: ensembleOf([2, 3]) }),
    take(
      { kind: 'stop-removed', id: 1 },
      'The config is without this node; its server stops after one more committed write.',
    ),
  ),
  row(
    'Leaving 1: a terminating member removes itself',
    healthy({ targetState: known('Terminated'), group: groupOf([1, 2, 3], { desired: 2 }) }),
    take(
      { kind: 'remove-self', id: 1, fromVersion: CONFIG_VERSION },
      'This node leaves: member 1 is removed, the rest keeps its quorum.',
    ),
  ),
  row(
    'Leaving 1: an unknown group may still hold the instance',
    leaving({ server: STOPPED, group: unknown('Auto Scaling is late'), ensemble: ensembleOf([2, 3]) }),
    wait('This node has left, and its terminate hook waits for that word, but Auto Scaling is late.'),
  ),
  row(
    'Leaving 1: done once it is out and stopped',
    healthy({ targetState: known('Terminated'), server: STOPPED, ensemble: ensembleOf([2, 3]) }),
    done('This node has left: no config holds it and its server is stopped.'),
  ),
  row(
    'Leaving 1: done once the hook is answered',
    leaving({ server: STOPPED, group: groupIn([1, 2, 3], { 1: 'Terminating:Proceed' }), ensemble: ensembleOf([2, 3]) }),
    done('This node has left: no config holds it and its server is stopped.'),
  ),
  row(
    'Leaving 1: leave before there is an ensemble is remembered',
    beforeGenesis({ order: orderOf({ command: 'leave' }) }),
    take({ kind: 'mark-left' }, 'The operator takes this node out; the mark outlives a crash.'),
  ),
  row(
    'Leaving 1: leave writes its mark first',
    healthy({ order: orderOf({ command: 'leave' }) }),
    take({ kind: 'mark-left' }, 'The operator takes this node out; the mark outlives a crash.'),
  ),
  row(
    'Leaving 1: maintenance holds no leaving back',
    healthy({ targetState: known('Terminated'), group: groupOf([1, 2, 3], { maintenance: true }) }),
    take(
      { kind: 'remove-self', id: 1, fromVersion: CONFIG_VERSION },
      'This node leaves: member 1 is removed, the rest keeps its quorum.',
    ),
  ),
  row(
    'Leaving 1: rejoin lifts the mark',
    healthy({
      order: orderOf({ command: 'bootstrap', rejoin: true }),
      disk: diskOf(1, { left: true }),
      server: STOPPED,
      ensemble: ensembleOf([2, 3]),
    }),
    take({ kind: 'unmark-left' }, 'The operator brings this node back.'),
  ),
  row(
    'Leaving 1: the operator’s leave answers no hook',
    healthy({
      disk: diskOf(1, { left: true, signalled: true }),
      server: STOPPED,
      ensemble: ensembleOf([2, 3]),
      stack: STACK,
    }),
    done('This node has left: no config holds it and its server is stopped.'),
  ),
  row(
    'Leaving 1: the terminate hook does not wait yet',
    leaving({ server: STOPPED, group: groupIn([1, 2, 3], { 1: 'Terminating' }), ensemble: ensembleOf([2, 3]) }),
    wait('This node has left, and its group does not say yet that its terminate hook waits.'),
  ),
  row(
    'Leaving 1: the terminate hook is completed last',
    leaving({ server: STOPPED, ensemble: ensembleOf([2, 3]) }),
    take(
      { kind: 'complete-leaving', group: 'orders-4f1c2a90-group', hook: 'terminate' },
      'The server of i-0a01 is stopped, so its instance may be terminated.',
    ),
  ),
  row(
    'Leaving 2: a group that does not say yet who goes is short all the same',
    healthy({ targetState: known('Terminated') }),
    wait(
      'This node is to leave, but only 2 voters would stay of the 3 that the group is for, and a replacement is on its way.',
    ),
  ),
  row(
    'Leaving 2: a group that shrinks waits for nobody',
    healthy({
      targetState: known('Terminated'),
      group: groupIn([1, 2, 3, 4], { 1: 'Terminating:Wait', 4: 'Pending:Wait' }, { desired: 2 }),
    }),
    take(
      { kind: 'remove-self', id: 1, fromVersion: CONFIG_VERSION },
      'This node leaves: member 1 is removed, the rest keeps its quorum.',
    ),
  ),
  row(
    'Leaving 2: a leader that is held up removes the dead',
    leaving({
      disk: diskOf(1, { signalled: true, config: configOf([1, 2, 3, 4, 5]) }),
      server: LEADS,
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4, 5]),
      lives: { ...livesOf([1, 2, 3]), ...livesOf([4, 5], 'gone') },
      ensemble: ensembleOf([1, 2, 3, 4, 5], { leader: { id: 1, address: addressOf(1) }, servingIds: [1, 2, 3] }),
    }),
    take(
      { kind: 'remove-members', ids: [4, 5], dead: [instanceOf(4), instanceOf(5)], fromVersion: CONFIG_VERSION },
      'The instances of members 4 at 10.0.0.4, 5 at 10.0.0.5 are shutting down or gone for good; at most 2 are removed in one pass.',
    ),
  ),
  row(
    'Leaving 2: a replacement that is yet to be launched is waited for',
    healthy({ targetState: known('Terminated'), group: groupIn([1, 2, 3], { 1: 'Terminating:Wait' }) }),
    wait(
      'This node is to leave, but only 2 voters would stay of the 3 that the group is for, and a replacement is on its way.',
    ),
  ),
  row(
    'Leaving 2: a server whose instance shuts down does not count',
    leaving({ lives: { ...livesOf([1, 3]), ...livesOf([2], 'shutting-down') } }),
    wait('This node is to leave, but only 1 of the other 2 voters serve, which is no quorum.'),
  ),
  row(
    'Leaving 2: an operator’s leave waits for no replacement',
    healthy({
      order: orderOf({ command: 'leave' }),
      targetState: known('Terminated'),
      disk: diskOf(1, { left: true }),
      group: groupIn([1, 2, 3, 4], { 1: 'Terminating:Wait', 4: 'Pending:Wait' }),
    }),
    take(
      { kind: 'remove-self', id: 1, fromVersion: CONFIG_VERSION },
      'This node leaves: member 1 is removed, the rest keeps its quorum.',
    ),
  ),
  row(
    'Leaving 2: four of seven leave one by one',
    healthy({
      targetState: known('Terminated'),
      disk: diskOf(1, { signalled: true, config: configOf([1, 2, 3, 4, 5, 6, 7]) }),
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4, 5, 6, 7]),
      group: groupIn([1, 2, 3, 4, 5, 6, 7], {
        1: 'Terminating:Wait',
        2: 'Terminating:Wait',
        3: 'Terminating:Wait',
        4: 'Terminating:Wait',
      }),
      lives: livesOf([1, 2, 3, 4, 5, 6, 7]),
      ensemble: ensembleOf([1, 2, 3, 4, 5, 6, 7]),
      stack: STACK,
    }),
    take(
      { kind: 'remove-self', id: 1, fromVersion: CONFIG_VERSION },
      'This node leaves: member 1 is removed, the rest keeps its quorum.',
    ),
  ),
  row(
    'Leaving 2: its replacement votes first',
    healthy({
      targetState: known('Terminated'),
      group: groupIn([1, 2, 3, 4], { 1: 'Terminating:Wait', 4: 'Pending:Wait' }),
    }),
    wait(
      'This node is to leave, but only 2 voters would stay of the 3 that the group is for, and a replacement is on its way.',
    ),
  ),
  row(
    'Leaving 2: maintenance waits for no replacement',
    healthy({
      targetState: known('Terminated'),
      group: groupIn([1, 2, 3, 4], { 1: 'Terminating:Wait', 4: 'Pending:Wait' }, { maintenance: true }),
    }),
    take(
      { kind: 'remove-self', id: 1, fromVersion: CONFIG_VERSION },
      'This node leaves: member 1 is removed, the rest keeps its quorum.',
    ),
  ),
  row(
    'Leaving 2: not while everybody is to leave',
    leaving({ group: groupIn([1, 2, 3], { 1: 'Terminating:Wait', 2: 'Terminating:Wait', 3: 'Terminating:Wait' }) }),
    wait(
      'This node is to leave, but of the voters that stay, 0 of 0 serve, which is no quorum; the others leave as well.',
    ),
  ),
  row(
    'Leaving 2: not while the rest would be without quorum',
    healthy({ targetState: known('Terminated'), ensemble: ensembleOf([1, 2, 3], { servingIds: [1, 3] }) }),
    wait('This node is to leave, but only 1 of the other 2 voters serve, which is no quorum.'),
  ),
  row(
    'Leaving 2: not while those that stay have no quorum of their own',
    healthy({
      targetState: known('Terminated'),
      disk: diskOf(1, { signalled: true, config: configOf([1, 2, 3, 4, 5]) }),
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4, 5]),
      group: groupIn([1, 2, 3, 4, 5], { 1: 'Terminating:Wait', 2: 'Terminating:Wait', 3: 'Terminating:Wait' }),
      lives: livesOf([1, 2, 3, 4, 5]),
      ensemble: ensembleOf([1, 2, 3, 4, 5], { servingIds: [1, 2, 3, 5] }),
      stack: STACK,
    }),
    wait(
      'This node is to leave, but of the voters that stay, 1 of 2 serve, which is no quorum; the others leave as well.',
    ),
  ),
  row(
    'Leaving 2: suspended launches bring no replacement',
    healthy({
      targetState: known('Terminated'),
      group: groupIn([1, 2, 3], { 1: 'Terminating:Wait' }, { suspended: ['Launch'] }),
    }),
    take(
      { kind: 'remove-self', id: 1, fromVersion: CONFIG_VERSION },
      'This node leaves: member 1 is removed, the rest keeps its quorum.',
    ),
  ),
  row(
    'Leaving 2: the last voter does not go',
    healthy({
      targetState: known('Terminated'),
      shared: sharedOf([genesisOf([1])], [1]),
      group: groupOf([1], { desired: 1 }),
      ensemble: ensembleOf([1]),
    }),
    wait('This node is to leave, but it is the last voter.', undefined, [{ action: 'scale-out', when: [] }]),
  ),
  row(
    'Leaving 2: the leader does not wait for one that does not serve',
    healthy({
      targetState: known('Terminated'),
      disk: diskOf(1, { signalled: true, config: configOf([1, 2, 3, 4, 5]) }),
      server: LEADS,
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4, 5]),
      group: groupIn([1, 2, 3, 4, 5], { 1: 'Terminating:Wait', 2: 'Terminating:Wait' }),
      lives: livesOf([1, 2, 3, 4, 5]),
      ensemble: ensembleOf([1, 2, 3, 4, 5], { leader: { id: 1, address: addressOf(1) }, servingIds: [1, 3, 4, 5] }),
      stack: STACK,
    }),
    take(
      { kind: 'remove-self', id: 1, fromVersion: CONFIG_VERSION },
      'This node leaves: member 1 is removed, the rest keeps its quorum.',
    ),
  ),
  row(
    'Leaving 2: the leader goes last',
    healthy({
      targetState: known('Terminated'),
      disk: diskOf(1, { signalled: true, config: configOf([1, 2, 3, 4, 5]) }),
      server: LEADS,
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4, 5]),
      group: groupIn([1, 2, 3, 4, 5], { 1: 'Terminating:Wait', 2: 'Terminating:Wait' }),
      lives: livesOf([1, 2, 3, 4, 5]),
      ensemble: ensembleOf([1, 2, 3, 4, 5], { leader: { id: 1, address: addressOf(1) } }),
      stack: STACK,
    }),
    wait(
      'This node is to leave, but it leads, and member 2, which leaves too, goes first: clients lose their leader once only.',
    ),
  ),
  row(
    'Leaving 3: data that is refused is held while no ensemble answers',
    stopped({
      targetState: known('Terminated'),
      disk: diskOf(1, { stamp: { cluster: 'another-00000000', lineage: 1, id: 1 } }),
      group: groupIn([1, 2, 3], { 1: 'Terminating:Wait' }),
      stack: STACK,
    }),
    refuse(
      'DATA_OF_ANOTHER_CLUSTER',
      'The data directory of i-0a01 belongs to cluster another-00000000, not to orders-4f1c2a90.',
      [
        { action: 'right-volume', instance: instanceOf(1), when: [] },
        {
          action: 'move-data-away',
          instance: instanceOf(1),
          path: 'version-2',
          when: [{ is: 'leader' }, NOTHING_ELSE_HELPS],
        },
      ],
    ),
  ),
  row(
    'Leaving 4: a launch hook of one that is gone is not ours',
    inStack({
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4]),
      group: groupIn([1, 2, 3, 4], { 4: 'Pending:Wait' }),
      lives: { ...livesOf([1, 2, 3]), ...livesOf([4], 'gone') },
    }),
    done('This node votes as member 1; nothing is left to do.'),
  ),
  row(
    'Leaving 4: a successor at the same address is not the dead',
    inStack({
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
    }),
    take(
      { kind: 'complete-hooks-of-the-gone', group: 'orders-4f1c2a90-group', hook: 'terminate', instances: ['i-0a0f'] },
      'i-0a0f is gone for good and in no config, and the group still waits for an answer.',
    ),
  ),
  row(
    'Leaving 4: nobody answers the hook of the living',
    inStack({
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4, 5, 6]),
      group: groupIn([1, 2, 3, 4, 5, 6], { 4: 'Terminating:Wait', 5: 'Terminating:Wait', 6: 'Terminating:Wait' }),
      lives: { ...livesOf([1, 2, 3, 4]), ...livesOf([5], 'shutting-down') },
    }),
    done('This node votes as member 1; nothing is left to do.'),
  ),
  row(
    'Leaving 4: not before the member is removed',
    inStack({
      group: groupIn([1, 2, 3], { 2: 'Terminating:Wait' }),
      lives: { ...livesOf([1, 3]), ...livesOf([2], 'gone') },
    }),
    done('This node votes as member 1; nothing is left to do.'),
  ),
  row(
    'Leaving 4: the hook of one that is gone is answered',
    inStack({
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4]),
      group: groupIn([1, 2, 3, 4], { 4: 'Terminating:Wait' }),
      lives: { ...livesOf([1, 2, 3]), ...livesOf([4], 'gone') },
    }),
    take(
      {
        kind: 'complete-hooks-of-the-gone',
        group: 'orders-4f1c2a90-group',
        hook: 'terminate',
        instances: [instanceOf(4)],
      },
      'i-0a04 is gone for good and in no config, and the group still waits for an answer.',
    ),
  ),
  row(
    'Leaving 5: a group at zero answers its hook',
    leaving({ server: STOPPED, group: groupIn([1, 2, 3], { 1: 'Terminating:Wait' }, { desired: 0, maximum: 0 }) }),
    take(
      { kind: 'complete-leaving', group: 'orders-4f1c2a90-group', hook: 'terminate' },
      'The server of i-0a01 is stopped, so its instance may be terminated.',
    ),
  ),
  row(
    'Leaving 5: a group at zero stops at once even with a quorum',
    leaving({ group: groupIn([1, 2, 3], { 1: 'Terminating:Wait' }, { desired: 0, maximum: 0 }) }),
    take({ kind: 'stop-server' }, 'Nothing is left to protect, so this node just stops.'),
  ),
  row(
    'Leaving 5: a maximum above zero is not zero',
    silent({ targetState: known('Terminated'), group: groupOf([1], { desired: 0, maximum: 3 }) }),
    wait(
      'There is no quorum, but it is not lost for good: enough of the voters 1 at 10.0.0.1, 2 at 10.0.0.2, 3 at 10.0.0.3 can come back.',
      undefined,
      [start(2), start(3), terminate(2, [tooFewCanRun(2, [1, 2, 3])]), terminate(3, [tooFewCanRun(2, [1, 2, 3])])],
    ),
  ),
  row(
    'Leaving 5: an unknown group is not zero',
    silent({ targetState: known('Terminated'), group: unknown('throttled') }),
    wait(
      'There is no quorum, but it is not lost for good: enough of the voters 1 at 10.0.0.1, 2 at 10.0.0.2, 3 at 10.0.0.3 can come back.',
      undefined,
      [start(2), start(3), terminate(2, [tooFewCanRun(2, [1, 2, 3])]), terminate(3, [tooFewCanRun(2, [1, 2, 3])])],
    ),
  ),
  row(
    'Leaving 5: the last voter of a group at zero just stops',
    healthy({
      targetState: known('Terminated'),
      shared: sharedOf([genesisOf([1])], [1]),
      group: groupOf([1], { desired: 0, maximum: 0 }),
      ensemble: ensembleOf([1]),
    }),
    take({ kind: 'stop-server' }, 'Nothing is left to protect, so this node just stops.'),
  ),
  row(
    'Leaving 5: without quorum a group at zero just stops',
    silent({ targetState: known('Terminated'), group: groupOf([1], { desired: 0, maximum: 0 }) }),
    take({ kind: 'stop-server' }, 'Nothing is left to protect, so this node just stops.'),
  ),
];
