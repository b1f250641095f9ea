// SPDX-License-Identifier: Apache-2.0
import { type Known, known } from '../../../src/model/cloud.ts';
import type { Observation } from '../../../src/model/observation.ts';
import { advised, done, refuse, take, wait } from '../../../src/model/step.ts';
import { toZxid } from '../../../src/model/zxid.ts';
import {
  addressOf,
  announcementsOf,
  BELOW_COMMITTED,
  CLUSTER,
  COMMITTED,
  configOf,
  dataOf,
  diskOf,
  emptyReportOf,
  ensembleOf,
  genesisOf,
  groupOf,
  LEADS,
  LOOKS_FOR_A_LEADER,
  livesOf,
  member,
  reportOf,
  STOPPED,
  sharedOf,
  silenceOf,
  stoodStill,
} from '../parts.ts';
import {
  aloneAfterTheFirst,
  claimedNewcomer,
  fencedSurvivor,
  healthy,
  joiner,
  silent,
  survivor,
} from '../situations.ts';
import { type Row, row } from './row.ts';

/** Beside an ensemble, the server of node 1 has run for long and says that it does not serve. */
function lonely(learners: Known<number>, idleForMs: number, change: Partial<Observation> = {}): Observation {
  return healthy({
    server: { ...LOOKS_FOR_A_LEADER, signs: { learners, idleForMs } },
    watch: { digest: 'no leader found', forMs: 120_000 },
    ensemble: ensembleOf([1, 2, 3], { servingIds: [2, 3] }),
    ...change,
  });
}

/** What holds in every chapter: lines and versions of configs, the server, the disk, and what a person is told. */
export const EVERYWHERE: readonly Row[] = [
  row(
    'Joining 11: a joiner is not added beside a line that nobody understands',
    joiner({ ensemble: ensembleOf([1, 2, 3], { config: { ...configOf([1, 2, 3]), notUnderstood: ['group.1=1:2'] } }) }),
    wait(
      'The server of this node has caught up, and it is not added: the config has a line that the agent does not understand ("group.1=1:2"), so it counts no votes, and adds and removes nobody.',
      undefined,
      [{ action: 'correct-config', when: [] }],
    ),
  ),
  row(
    'Joining 11: nobody is removed beside such a line',
    healthy({
      server: LEADS,
      lives: { ...livesOf([1, 3]), ...livesOf([2], 'gone') },
      terminated: [],
      ensemble: ensembleOf([1, 2, 3], {
        leader: { id: 1, address: addressOf(1) },
        servingIds: [1, 3],
        config: { ...configOf([1, 2, 3]), notUnderstood: ['group.1=1:2'] },
      }),
    }),
    advised(
      done(
        'This node votes as member 1; The instances of members 2 at 10.0.0.2 are gone, and they stay in the config: the config has a line that the agent does not understand ("group.1=1:2"), so it counts no votes, and adds and removes nobody.',
      ),
      [{ action: 'correct-config', when: [] }],
    ),
  ),
  row(
    'Joining 11: no fresh config is written without that line',
    claimedNewcomer({
      ensemble: ensembleOf([1, 2, 3], {
        config: { ...configOf([1, 2, 3]), notUnderstood: ['server.9=of a later release'] },
      }),
    }),
    wait(
      'This node gets no fresh config: the config has a line that the agent does not understand ("server.9=of a later release"), so it counts no votes, and adds and removes nobody.',
      undefined,
      [{ action: 'correct-config', when: [] }],
    ),
  ),
  row(
    'Joining 11: no quorum is called lost by a config with such a line',
    survivor({
      disk: diskOf(1, { reported: true, config: { ...configOf([1, 2, 3]), notUnderstood: ['weight.1=2'] } }),
      silence: silenceOf([1], [reportOf(1, { config: { ...configOf([1, 2, 3]), notUnderstood: ['weight.1=2'] } })]),
    }),
    wait(
      'There is no quorum, and whether it is lost for good can\'t be told: the config has a line that the agent does not understand ("weight.1=2"), so it counts no votes, and adds and removes nobody.',
    ),
  ),
  row(
    'Joining 12: the file of a joiner has the version right below the committed config',
    claimedNewcomer(),
    take(
      {
        kind: 'prepare-join',
        version: BELOW_COMMITTED,
        members: [...configOf([1, 2, 3]).members, member(4, 'observer')],
        id: 4,
        lineage: 1,
      },
      'An ensemble of the newest record answers; this node joins it with a fresh config.',
    ),
  ),
  row(
    'Recovery 10: the next record is above every epoch that was heard of',
    fencedSurvivor(),
    take(
      {
        kind: 'propose-record',
        record: {
          kind: 'forced',
          number: 2,
          owner: { id: 1, generation: 1, instance: 'i-0a01', address: '10.0.0.1' },
          fenced: ['i-0a01'],
          epochFloor: 65537,
          source: { lineage: 1 },
        },
        relied: {},
        from: 's1',
      },
      'This node has the best data: epoch 1, zxid 0000000100000042. It asks the others.',
    ),
  ),
  row(
    'Server 1: a server between two restarts is stopped before its data is touched',
    healthy({
      server: { ...STOPPED, restarting: true },
      disk: diskOf(1, { data: dataOf(1, COMMITTED, { damage: 'torn' }) }),
    }),
    take(
      { kind: 'stop-server' },
      'The data on this disk is damaged (torn), and the ensemble has all of it. Its server must not run with it.',
    ),
  ),
  row(
    'Server 3: a server that works is left alone',
    lonely(known(1), 0),
    wait('The server of this node works, as one that loads its data does, so it is not stopped.', 'no leader found'),
  ),
  row(
    'Server 3: a server that the leader may count is left alone, and the time begins anew',
    lonely(known(2), 120_000),
    wait(
      'The server of this node does not say that it serves. It is not stopped: its leader counts 2 learners, and this server may be one of them.',
    ),
  ),
  row(
    'Server 3: a server that nobody counts gets a fresh config',
    lonely(known(1), 120_000),
    take(
      {
        kind: 'prepare-join',
        version: BELOW_COMMITTED,
        members: configOf([1, 2, 3]).members,
        id: 1,
        lineage: 1,
      },
      'The server of this node runs but finds no leader; it is given a fresh config.',
    ),
  ),
  row(
    'Server 3: each fresh config doubles the wait for the next one',
    lonely(known(1), 120_000, { lately: { freshConfigs: 4, asides: 0 } }),
    wait('The server of this node has not found the leader yet.', 'no leader found'),
  ),
  row(
    'Server 4: with a fifth of the disk free data is set aside',
    healthy({ server: STOPPED, disk: diskOf(1, { freeShare: 0.2, data: dataOf(1, COMMITTED, { damage: 'torn' }) }) }),
    take(
      { kind: 'set-data-aside', name: 'lineage-1-before-1' },
      'The data on this disk is damaged (torn), and the ensemble has all of it. It is renamed aside.',
    ),
  ),
  row(
    'Server 4: below a fifth nothing is set aside',
    healthy({ server: STOPPED, disk: diskOf(1, { freeShare: 0.199, data: dataOf(1, COMMITTED, { damage: 'torn' }) }) }),
    wait(
      'The data on this disk is damaged (torn), and the ensemble has all of it. It is not renamed aside: only 19 % of the disk are free. What comes in its place needs room, at least 20 %. The disk of its data is short of space: less than a fifth of it is free.',
      undefined,
      [{ action: 'free-space', instance: 'i-0a01', when: [] }],
    ),
  ),
  row(
    'Server 4: on a disk of which nobody knows the space nothing is set aside',
    healthy({
      server: STOPPED,
      disk: diskOf(1, { freeShare: undefined, data: dataOf(1, COMMITTED, { damage: 'torn' }) }),
    }),
    wait(
      'The data on this disk is damaged (torn), and the ensemble has all of it. It is not renamed aside, as the file system does not say how much of the disk is free.',
    ),
  ),
  row(
    'Server 4: nothing is set aside a fourth time within an hour',
    healthy({
      server: STOPPED,
      lately: { freshConfigs: 0, asides: 3 },
      disk: diskOf(1, { data: dataOf(1, COMMITTED, { damage: 'torn' }) }),
    }),
    wait(
      'The data on this disk is damaged (torn), and the ensemble has all of it. It is not renamed aside now: this node has set data aside 3 times within an hour, and new data does not mend what is wrong. It goes on within the hour.',
    ),
  ),
  row(
    'Disk 3: the disk of another volume is a copy, and is set aside',
    silent({
      server: STOPPED,
      disk: diskOf(1, {
        volume: 'vol-0bbb',
        freeShare: 0.9,
        stamp: { cluster: CLUSTER, lineage: 1, id: 1, volume: 'vol-0aaa' },
      }),
    }),
    take(
      { kind: 'set-data-aside', name: 'copy-of-vol-0aaa', copy: true },
      'This disk is a copy of an earlier time: it was written as volume vol-0aaa, and is volume vol-0bbb now. Its data is renamed aside, and this node counts as one without data.',
    ),
  ),
  row(
    'Disk 3: a copy that runs without serving is stopped',
    silent({
      disk: diskOf(1, {
        volume: 'vol-0bbb',
        freeShare: 0.9,
        stamp: { cluster: CLUSTER, lineage: 1, id: 1, volume: 'vol-0aaa' },
      }),
    }),
    take(
      { kind: 'stop-server' },
      'This disk is a copy of an earlier time: it was written as volume vol-0aaa, and is volume vol-0bbb now. Its server must not vote with what is on it.',
    ),
  ),
  row(
    'Advice 2: a silent instance is started, and ended only when it can run no more',
    survivor({
      group: groupOf([1, 4]),
      lives: { ...livesOf([1, 4]), ...livesOf([2, 3], 'gone') },
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4]),
      silence: silenceOf([1, 4], [reportOf(1)]),
    }),
    wait('The quorum is lost for good, and i-0a04 has not reported.', undefined, [
      { action: 'start-instance', instance: 'i-0a04', when: [{ is: 'not-running', instance: 'i-0a04' }] },
      { action: 'look-at-log', instance: 'i-0a04', when: [] },
      {
        action: 'terminate-instance',
        instance: 'i-0a04',
        when: [{ is: 'cannot-run', instance: 'i-0a04' }, { is: 'no-leader' }, { is: 'still-advised' }],
        loses: { kind: 'its-disk' },
      },
    ]),
  ),
  row(
    'Advice 3: while a quorum may come back its machines are started',
    silent(),
    wait(
      'There is no quorum, but it is not lost for good: enough of the voters 1 at 10.0.0.1, 2 at 10.0.0.2, 3 at 10.0.0.3 can come back.',
      undefined,
      [
        { action: 'start-instance', instance: 'i-0a02', when: [{ is: 'not-running', instance: 'i-0a02' }] },
        { action: 'start-instance', instance: 'i-0a03', when: [{ is: 'not-running', instance: 'i-0a03' }] },
        {
          action: 'terminate-instance',
          instance: 'i-0a02',
          when: [
            { is: 'cannot-run', instance: 'i-0a02' },
            { is: 'too-few-can-run', quorums: [{ needs: 2, of: ['i-0a01', 'i-0a02', 'i-0a03'] }] },
            { is: 'no-leader' },
            { is: 'still-advised' },
          ],
          loses: { kind: 'its-disk' },
        },
        {
          action: 'terminate-instance',
          instance: 'i-0a03',
          when: [
            { is: 'cannot-run', instance: 'i-0a03' },
            { is: 'too-few-can-run', quorums: [{ needs: 2, of: ['i-0a01', 'i-0a02', 'i-0a03'] }] },
            { is: 'no-leader' },
            { is: 'still-advised' },
          ],
          loses: { kind: 'its-disk' },
        },
      ],
    ),
  ),
  row(
    'Advice 4: newer data that is damaged is mended, or moved away',
    fencedSurvivor({
      group: groupOf([1, 2]),
      lives: { ...livesOf([1, 2]), ...livesOf([3], 'gone') },
      silence: silenceOf(
        [1, 2],
        [
          reportOf(1, { fenced: true }),
          reportOf(2, { fenced: true, canVote: false, data: dataOf(1, toZxid(0x100000050n), { damage: 'torn.' }) }),
        ],
      ),
      watch: stoodStill(1, ['s1', 's2'], [1, 2]),
    }),
    wait(
      'i-0a02 has, or may have, newer data (zxid 0000000100000050) than all others. It is damaged: torn. Without it node 1 (i-0a01) has the best.',
      '[1,["s1","s2"],["i-0a01","i-0a02"]]',
      [
        { action: 'mend-data', instance: 'i-0a02', when: [] },
        {
          action: 'move-data-away',
          instance: 'i-0a02',
          path: 'version-2',
          when: [{ is: 'nothing-else-helps' }, { is: 'no-leader' }, { is: 'still-advised' }],
          loses: { kind: 'after', zxid: COMMITTED },
          next: { id: 1, instance: 'i-0a01' },
        },
        { action: 'start-instance', instance: 'i-0a02', when: [{ is: 'not-running', instance: 'i-0a02' }] },
        {
          action: 'terminate-instance',
          instance: 'i-0a02',
          when: [
            { is: 'cannot-run', instance: 'i-0a02' },
            { is: 'nothing-else-helps' },
            { is: 'no-leader' },
            { is: 'still-advised' },
          ],
          loses: { kind: 'its-disk' },
          next: { id: 1, instance: 'i-0a01' },
        },
      ],
    ),
  ),
  row(
    'Advice 5: when nobody has data what was stopped comes first',
    aloneAfterTheFirst({
      silence: silenceOf([1, 2, 3, 4], [emptyReportOf(1)], { announcements: announcementsOf([2, 3, 4]) }),
    }),
    wait(
      'Nobody who is left has whole data of this cluster (newest record 1). Nothing empty is put in its place unasked.',
      '[1,["s1"],["i-0a01","i-0a02","i-0a03","i-0a04"]]',
      [
        { action: 'find-data', when: [] },
        {
          action: 'allow-empty-genesis',
          instance: 'i-0a01',
          when: [{ is: 'nothing-else-helps' }, { is: 'no-leader' }, { is: 'still-advised' }],
          loses: { kind: 'everything' },
        },
      ],
    ),
  ),
  row(
    'Advice 6: data without a stamp is moved away only beside a leader',
    healthy({ disk: diskOf(1, { stamp: undefined, ready: false, vouched: undefined }), server: STOPPED }),
    refuse(
      'DATA_WITHOUT_STAMP',
      'The data directory of i-0a01 holds data without a stamp, so nobody knows which cluster it is of.',
      [
        { action: 'right-volume', instance: 'i-0a01', when: [] },
        {
          action: 'move-data-away',
          instance: 'i-0a01',
          path: 'version-2',
          when: [{ is: 'leader' }, { is: 'nothing-else-helps' }],
        },
      ],
    ),
  ),
  row(
    'Advice 7: a disk that is short of space is told of beside everything else',
    healthy({ disk: diskOf(1, { freeShare: 0.19 }) }),
    advised(
      done(
        'This node votes as member 1; nothing is left to do. The disk of its data is short of space: less than a fifth of it is free.',
      ),
      [{ action: 'free-space', instance: 'i-0a01', when: [] }],
    ),
  ),
];
