// SPDX-License-Identifier: Apache-2.0
import { unknown } from '../../../src/model/cloud.ts';
import { take, wait } from '../../../src/model/step.ts';
import { toZxid, ZXID_ZERO } from '../../../src/model/zxid.ts';
import {
  announcementsOf,
  CLUSTER,
  COMMITTED,
  configOf,
  dataOf,
  diskOf,
  emptyReportOf,
  forcedOf,
  genesisOf,
  groupOf,
  instanceOf,
  LOOKS_FOR_A_LEADER,
  livesOf,
  newDiskOf,
  orderOf,
  recordMember,
  reportOf,
  reportOfFive,
  S3_IS_SILENT,
  STOPPED,
  selfOf,
  sharedOf,
  silenceOf,
  stoodStill,
} from '../parts.ts';
import { fencedSurvivor, healthy, silent, stopped, survivor, twoOfFive } from '../situations.ts';
import { lookAtLog, mendData, NOTHING_ELSE_HELPS, start, terminate, tooFewCanRun } from './advised.ts';
import { type Row, row } from './row.ts';

/** Recovery: what decide does by the rules of this chapter. */
export const RECOVERY: readonly Row[] = [
  row(
    'Recovery 1: a database that never was cannot vote',
    stopped({ disk: diskOf(1, { data: dataOf(-1, ZXID_ZERO, { acceptedEpoch: 0 }) }) }),
    take(
      { kind: 'raise-fence', record: 1 },
      'Nobody answers as the leader and this node has no data to vote with, so its server stands still.',
    ),
  ),
  row(
    'Recovery 1: a fenced node with a running server stops it',
    survivor({ disk: diskOf(1, { reported: true, fence: { record: 1 } }) }),
    take({ kind: 'stop-server' }, 'This node is fenced, so its server must not run.'),
  ),
  row(
    'Recovery 1: a fenced wiped node says that it cannot vote',
    stopped({ disk: diskOf(1, { data: undefined, fence: { record: 1 } }), silence: silenceOf([1, 2, 3], []) }),
    take(
      { kind: 'write-report', report: reportOf(1, { fenced: true, canVote: false, data: undefined }).report },
      'Nobody answers as the leader; this node says in the bucket what it knows.',
    ),
  ),
  row(
    'Recovery 1: a node without quorum reports',
    healthy({
      server: LOOKS_FOR_A_LEADER,
      group: groupOf([1]),
      lives: { ...livesOf([1, 2]), ...livesOf([3], 'gone') },
      ensemble: undefined,
      silence: silenceOf([1, 2, 3], []),
    }),
    take(
      { kind: 'write-report', report: reportOf(1).report },
      'Nobody answers as the leader; this node says in the bucket what it knows.',
    ),
  ),
  row(
    'Recovery 1: a report for an older record is written anew',
    survivor({
      disk: diskOf(1, { stamp: { cluster: CLUSTER, lineage: 2, id: 1 } }),
      shared: sharedOf([genesisOf([1, 2, 3]), forcedOf(recordMember(1))], [1, 2, 3]),
      lives: { ...livesOf([1, 2]), ...livesOf([3], 'gone') },
    }),
    take(
      { kind: 'write-report', report: reportOf(1, { record: 2, lineage: 2 }).report },
      'Nobody answers as the leader; this node says in the bucket what it knows.',
    ),
  ),
  row(
    'Recovery 1: a report that is no longer true is written anew',
    survivor({
      disk: diskOf(1, { data: dataOf(1, COMMITTED, { acceptedEpoch: 3 }) }),
      lives: { ...livesOf([1, 2]), ...livesOf([3], 'gone') },
    }),
    take(
      { kind: 'write-report', report: reportOf(1, { data: dataOf(1, COMMITTED, { acceptedEpoch: 3 }) }).report },
      'Nobody answers as the leader; this node says in the bucket what it knows.',
    ),
  ),
  row(
    'Recovery 1: a wiped node fences before its first report',
    stopped({ disk: diskOf(1, { data: undefined }) }),
    take(
      { kind: 'raise-fence', record: 1 },
      'Nobody answers as the leader and this node has no data to vote with, so its server stands still.',
    ),
  ),
  row(
    'Recovery 1: damaged data cannot vote',
    stopped({
      disk: diskOf(1, { data: dataOf(1, COMMITTED, { damage: 'log.100000001 has a wrong checksum at byte 4242' }) }),
    }),
    take(
      { kind: 'raise-fence', record: 1 },
      'Nobody answers as the leader and this node has no data to vote with, so its server stands still.',
    ),
  ),
  row(
    'Recovery 1: reports that cannot be read say nothing',
    silent({ silence: S3_IS_SILENT }),
    wait("No leader answers, and the reports can't be read: S3 timed out."),
  ),
  row(
    'Recovery 1: the copy of data that is damaged since is offered',
    stopped({
      disk: diskOf(1, {
        data: dataOf(1, COMMITTED, { damage: 'log.100000001 has a wrong checksum at byte 4242' }),
        aside: [{ name: 'source-of-record-2', lineage: 1, data: dataOf(1, COMMITTED) }],
        fence: { record: 1 },
      }),
    }),
    take(
      {
        kind: 'write-report',
        report: reportOf(1, {
          fenced: true,
          canVote: false,
          data: dataOf(1, COMMITTED, { damage: 'log.100000001 has a wrong checksum at byte 4242' }),
          aside: [{ name: 'source-of-record-2', lineage: 1, data: dataOf(1, COMMITTED) }],
        }).report,
      },
      'Nobody answers as the leader; this node says in the bucket what it knows.',
    ),
  ),
  row(
    'Recovery 1: the copy of lost data is offered',
    stopped({
      disk: diskOf(1, {
        data: undefined,
        aside: [{ name: 'source-of-record-2', lineage: 1, data: dataOf(1, COMMITTED) }],
        fence: { record: 1 },
      }),
      silence: silenceOf([1, 2, 3], []),
    }),
    take(
      {
        kind: 'write-report',
        report: reportOf(1, {
          fenced: true,
          canVote: false,
          data: undefined,
          aside: [{ name: 'source-of-record-2', lineage: 1, data: dataOf(1, COMMITTED) }],
        }).report,
      },
      'Nobody answers as the leader; this node says in the bucket what it knows.',
    ),
  ),
  row(
    'Recovery 2: a leader answers so the fence falls',
    healthy({ disk: diskOf(1, { reported: true, fence: { record: 1 } }), server: STOPPED }),
    take({ kind: 'lift-fence', record: 1 }, 'An ensemble of the newest record answers, so this node may follow it.'),
  ),
  row(
    'Recovery 2: a member follows during maintenance',
    healthy({
      disk: diskOf(1, { reported: true, fence: { record: 1 } }),
      server: STOPPED,
      group: groupOf([1, 2, 3], { maintenance: true }),
    }),
    take({ kind: 'lift-fence', record: 1 }, 'An ensemble of the newest record answers, so this node may follow it.'),
  ),
  row(
    'Recovery 2: a voter withdraws a left over report',
    healthy({ disk: diskOf(1, { reported: true }) }),
    take(
      { kind: 'withdraw-report', record: 1 },
      'This node votes again, and its report of the time without quorum may still lie in the bucket.',
    ),
  ),
  row(
    'Recovery 3: a new instance without a claim blocks for two listings',
    survivor({
      lives: { ...livesOf([1, 9]), ...livesOf([2, 3], 'gone') },
      silence: silenceOf([1, 2, 3, 9], [reportOf(1)], { unclaimedForMs: { [instanceOf(9)]: 19_000 } }),
    }),
    wait('The quorum is lost for good, and i-0a09 has not reported.', undefined, [
      start(9),
      lookAtLog(9),
      terminate(9),
    ]),
  ),
  row(
    'Recovery 3: a pending config without quorum is lost as well',
    healthy({
      disk: diskOf(1, { reported: true, pending: configOf([1, 2, 3, 4], toZxid(0x100000050n)) }),
      server: LOOKS_FOR_A_LEADER,
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4]),
      lives: { ...livesOf([1, 2]), ...livesOf([3, 4], 'gone') },
      ensemble: undefined,
      silence: silenceOf(
        [1, 2, 3, 4],
        [reportOf(1, { pending: configOf([1, 2, 3, 4], toZxid(0x100000050n)) }), reportOf(2)],
      ),
    }),
    take(
      { kind: 'raise-fence', record: 1 },
      'The quorum is lost for good and everybody has reported, so this node stands still before the recovery.',
    ),
  ),
  row(
    'Recovery 3: a quorum that may come back is not lost',
    silent({ lives: { ...livesOf([1, 2]), ...livesOf([3], 'gone') } }),
    wait(
      'There is no quorum, but it is not lost for good: enough of the voters 1 at 10.0.0.1, 2 at 10.0.0.2 can come back.',
      undefined,
      [start(2), terminate(2, [tooFewCanRun(2, [1, 2])])],
    ),
  ),
  row(
    'Recovery 3: a report for an older record does not count as heard',
    fencedSurvivor({
      shared: sharedOf(
        [genesisOf([1, 2, 3]), forcedOf(recordMember(2), { fenced: [instanceOf(1), instanceOf(2), instanceOf(4)] })],
        [1, 2, 3, 4],
      ),
      lives: { ...livesOf([1, 4]), ...livesOf([2, 3], 'gone') },
      silence: silenceOf(
        [1, 2, 3, 4],
        [reportOf(1, { record: 2, fenced: true, canVote: false }), reportOf(4, { fenced: true })],
      ),
      watch: undefined,
    }),
    wait('The quorum is lost for good, and i-0a04 has not reported.', undefined, [
      start(4),
      lookAtLog(4),
      terminate(4),
    ]),
  ),
  row(
    'Recovery 3: a shutting down majority is not lost yet',
    silent({ lives: { ...livesOf([1]), ...livesOf([2, 3], 'shutting-down') } }),
    wait(
      'There is no quorum, but it is not lost for good: enough of the voters 1 at 10.0.0.1, 2 at 10.0.0.2, 3 at 10.0.0.3 can come back.',
      undefined,
      [start(2), start(3), terminate(2, [tooFewCanRun(2, [1, 2, 3])]), terminate(3, [tooFewCanRun(2, [1, 2, 3])])],
    ),
  ),
  row(
    'Recovery 3: an instance that never claimed need not report',
    survivor({
      lives: { ...livesOf([1, 9]), ...livesOf([2, 3], 'gone') },
      silence: silenceOf([1, 2, 3, 9], [reportOf(1)], { unclaimedForMs: { [instanceOf(9)]: 21_000 } }),
    }),
    take(
      { kind: 'raise-fence', record: 1 },
      'The quorum is lost for good and everybody has reported, so this node stands still before the recovery.',
    ),
  ),
  row(
    'Recovery 3: an unheard instance blocks',
    survivor({
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4]),
      lives: { ...livesOf([1, 4]), ...livesOf([2, 3], 'gone') },
      silence: silenceOf([1, 2, 3, 4], [reportOf(1)]),
    }),
    wait('The quorum is lost for good, and i-0a04 has not reported.', undefined, [
      start(4),
      lookAtLog(4),
      terminate(4),
    ]),
  ),
  row(
    'Recovery 3: an unknown majority is not lost',
    silent({ lives: livesOf([1]) }),
    wait(
      'There is no quorum, but it is not lost for good: enough of the voters 1 at 10.0.0.1, 2 at 10.0.0.2, 3 at 10.0.0.3 can come back.',
      undefined,
      [start(2), start(3), terminate(2, [tooFewCanRun(2, [1, 2, 3])]), terminate(3, [tooFewCanRun(2, [1, 2, 3])])],
    ),
  ),
  row(
    'Recovery 3: half of four is no majority',
    healthy({
      disk: diskOf(1, { reported: true, config: configOf([1, 2, 3, 4]) }),
      server: LOOKS_FOR_A_LEADER,
      shared: sharedOf([genesisOf([1, 2, 3, 4])], [1, 2, 3, 4]),
      lives: { ...livesOf([1, 2]), ...livesOf([3, 4], 'gone') },
      ensemble: undefined,
      silence: silenceOf([1, 2, 3, 4], [reportOf(1, { config: configOf([1, 2, 3, 4]) })]),
    }),
    wait('The quorum is lost for good, and i-0a02 has not reported.', undefined, [
      start(2),
      lookAtLog(2),
      terminate(2),
    ]),
  ),
  row(
    'Recovery 3: held back by maintenance',
    survivor({ group: groupOf([1], { maintenance: true }) }),
    wait('The quorum is lost for good, and the recovery is held back: the group is in maintenance mode.', undefined, [
      { action: 'lift-maintenance', when: [{ is: 'work-is-over' }] },
    ]),
  ),
  row(
    'Recovery 3: held back while the group is unknown',
    survivor({ group: unknown('throttled') }),
    wait(
      "The quorum is lost for good, and the recovery is held back: the Auto Scaling group can't be read (throttled), and it may be in maintenance.",
    ),
  ),
  row(
    'Recovery 3: lost for good and all heard so the survivor fences',
    survivor(),
    take(
      { kind: 'raise-fence', record: 1 },
      'The quorum is lost for good and everybody has reported, so this node stands still before the recovery.',
    ),
  ),
  row(
    'Recovery 3: members that cannot vote are lost',
    silent({
      silence: silenceOf(
        [1, 2, 3],
        [
          reportOf(1),
          emptyReportOf(2, { lineage: 1, config: configOf([1, 2, 3]) }),
          emptyReportOf(3, { lineage: 1, config: configOf([1, 2, 3]) }),
        ],
      ),
    }),
    take(
      { kind: 'raise-fence', record: 1 },
      'The quorum is lost for good and everybody has reported, so this node stands still before the recovery.',
    ),
  ),
  row(
    'Recovery 3: paused instances are not lost',
    silent(),
    wait(
      'There is no quorum, but it is not lost for good: enough of the voters 1 at 10.0.0.1, 2 at 10.0.0.2, 3 at 10.0.0.3 can come back.',
      undefined,
      [start(2), start(3), terminate(2, [tooFewCanRun(2, [1, 2, 3])]), terminate(3, [tooFewCanRun(2, [1, 2, 3])])],
    ),
  ),
  row(
    'Recovery 3: the last node to report fences first',
    survivor({ disk: diskOf(1), silence: silenceOf([1, 2, 3], []) }),
    take(
      { kind: 'raise-fence', record: 1 },
      'The quorum is lost for good and everybody has reported, so this node stands still before the recovery.',
    ),
  ),
  row(
    'Recovery 3: the newest committed config reported counts',
    survivor({
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4, 5]),
      lives: { ...livesOf([1, 4, 5]), ...livesOf([2, 3], 'gone') },
      silence: silenceOf(
        [1, 2, 3, 4, 5],
        [
          reportOf(1),
          reportOf(4, { config: configOf([1, 4, 5], toZxid(0x100000030n)) }),
          reportOf(5, { config: configOf([1, 4, 5], toZxid(0x100000030n)) }),
        ],
      ),
    }),
    wait(
      'There is no quorum, but it is not lost for good: enough of the voters 1 at 10.0.0.1, 4 at 10.0.0.4, 5 at 10.0.0.5 can come back.',
      undefined,
      [start(4), start(5), terminate(4, [tooFewCanRun(2, [1, 4, 5])]), terminate(5, [tooFewCanRun(2, [1, 4, 5])])],
    ),
  ),
  row(
    'Recovery 4: a new instance is no change of facts',
    fencedSurvivor({
      lives: { ...livesOf([1, 9]), ...livesOf([2, 3], 'gone') },
      silence: silenceOf([1, 2, 3, 9], [reportOf(1, { fenced: true })]),
    }),
    wait('The quorum is lost for good, and i-0a09 has not reported.', undefined, [
      start(9),
      lookAtLog(9),
      terminate(9),
    ]),
  ),
  row(
    'Recovery 4: a quorum that is back lifts the fence',
    fencedSurvivor({ lives: livesOf([1, 2, 3]) }),
    take({ kind: 'lift-fence', record: 1 }, 'The quorum is not lost for good after all, so this node withdraws.'),
  ),
  row(
    'Recovery 5: a higher accepted epoch is no better data',
    twoOfFive({
      disk: diskOf(1, {
        data: dataOf(1, toZxid(0x100000043n)),
        reported: true,
        config: configOf([1, 2, 3, 4, 5]),
        fence: { record: 1 },
      }),
      group: groupOf([1]),
      silence: silenceOf(
        [1, 2, 3, 4, 5],
        [
          reportOfFive(1, { data: dataOf(1, toZxid(0x100000043n)) }),
          reportOfFive(2, { data: dataOf(1, COMMITTED, { acceptedEpoch: 9 }) }),
        ],
        { announcements: announcementsOf([1, 2, 3, 4, 5]) },
      ),
    }),
    take(
      {
        kind: 'propose-record',
        record: forcedOf(recordMember(1), { fenced: [instanceOf(1), instanceOf(2)], epochFloor: 65_545 }),
        relied: { [instanceOf(2)]: 's2' },
        from: 's1',
      },
      'This node has the best data: epoch 1, zxid 0000000100000043. It asks the others.',
    ),
  ),
  row(
    'Recovery 5: equal data goes to the higher id',
    twoOfFive({
      group: groupOf([1]),
      silence: silenceOf([1, 2, 3, 4, 5], [reportOfFive(1), reportOfFive(2)], {
        announcements: announcementsOf([1, 2, 3, 4, 5]),
      }),
    }),
    wait(
      'Node 2 (i-0a02) has the best data: epoch 1, zxid 0000000100000042. It recovers next.',
      '[1,["s1","s2"],["i-0a01","i-0a02","i-0a03","i-0a04","i-0a05"]]',
    ),
  ),
  row(
    'Recovery 5: newer data that is damaged waits for a person',
    twoOfFive({
      disk: diskOf(1, {
        data: dataOf(1, toZxid(0x100000043n)),
        reported: true,
        config: configOf([1, 2, 3, 4, 5]),
        fence: { record: 1 },
      }),
      group: groupOf([1]),
      silence: silenceOf(
        [1, 2, 3, 4, 5],
        [
          reportOfFive(1, { data: dataOf(1, toZxid(0x100000043n)) }),
          reportOfFive(2, {
            canVote: false,
            data: dataOf(0, toZxid(0x200000003n), {
              acceptedEpoch: 2,
              damage: 'The current epoch 0 is older than the last zxid 0000000200000003.',
            }),
          }),
        ],
        { announcements: announcementsOf([1, 2, 3, 4, 5]) },
      ),
    }),
    wait(
      'i-0a02 has, or may have, newer data (zxid 0000000200000003) than all others. It is damaged: The current epoch 0 is older than the last zxid 0000000200000003. Without it node 1 (i-0a01) has the best.',
      '[1,["s1","s2"],["i-0a01","i-0a02","i-0a03","i-0a04","i-0a05"]]',
      [
        mendData(2),
        {
          action: 'move-data-away',
          instance: instanceOf(2),
          path: 'version-2',
          when: [NOTHING_ELSE_HELPS, { is: 'no-leader' }, { is: 'still-advised' }],
          loses: { kind: 'after', zxid: toZxid(0x100000043n) },
          next: { id: 1, instance: instanceOf(1) },
        },
        start(2),
        terminate(2, [NOTHING_ELSE_HELPS], { next: { id: 1, instance: instanceOf(1) } }),
      ],
    ),
  ),
  row(
    'Recovery 5: other facts than the watched',
    fencedSurvivor({ watch: stoodStill(1, ['s0'], [1, 2, 3]) }),
    wait(
      'Everybody is fenced, and the facts must stay equal for 20 s. Then: This node has the best data: epoch 1, zxid 0000000100000042.',
      '[1,["s1"],["i-0a01","i-0a02","i-0a03"]]',
    ),
  ),
  row(
    'Recovery 5: somebody is not fenced yet',
    fencedSurvivor({
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4]),
      lives: { ...livesOf([1, 4]), ...livesOf([2, 3], 'gone') },
      silence: silenceOf(
        [1, 2, 3, 4],
        [reportOf(1, { fenced: true }), reportOf(4, { canVote: false, data: undefined })],
      ),
    }),
    wait('The quorum is lost for good; i-0a04 will fence next.'),
  ),
  row(
    'Recovery 5: the best without a claim claims first',
    fencedSurvivor({ shared: sharedOf([genesisOf([1, 2, 3])], [2, 3]) }),
    take(
      { kind: 'claim-id', id: 1, generation: 1 },
      'Stamp and config name this node as 1, and nobody who may still come back has a claim on that id.',
    ),
  ),
  row(
    'Recovery 5: the best writes the next record',
    fencedSurvivor(),
    take(
      { kind: 'propose-record', record: forcedOf(recordMember(1), { epochFloor: 65_537 }), relied: {}, from: 's1' },
      'This node has the best data: epoch 1, zxid 0000000100000042. It asks the others.',
    ),
  ),
  row(
    'Recovery 5: the current epoch ranks before the zxid',
    twoOfFive({
      disk: diskOf(1, {
        data: dataOf(2, toZxid(0x200000001n)),
        reported: true,
        config: configOf([1, 2, 3, 4, 5]),
        fence: { record: 1 },
      }),
      group: groupOf([1]),
      silence: silenceOf(
        [1, 2, 3, 4, 5],
        [
          reportOfFive(1, { data: dataOf(2, toZxid(0x200000001n)) }),
          reportOfFive(2, { data: dataOf(1, toZxid(0x1000000ffn)) }),
        ],
        { announcements: announcementsOf([1, 2, 3, 4, 5]) },
      ),
    }),
    take(
      {
        kind: 'propose-record',
        record: forcedOf(recordMember(1), { fenced: [instanceOf(1), instanceOf(2)], epochFloor: 65_538 }),
        relied: { [instanceOf(2)]: 's2' },
        from: 's1',
      },
      'This node has the best data: epoch 2, zxid 0000000200000001. It asks the others.',
    ),
  ),
  row(
    'Recovery 5: the facts are seen for the first time',
    fencedSurvivor({ watch: undefined }),
    wait(
      'Everybody is fenced, and the facts must stay equal for 20 s. Then: This node has the best data: epoch 1, zxid 0000000100000042.',
      '[1,["s1"],["i-0a01","i-0a02","i-0a03"]]',
    ),
  ),
  row(
    'Recovery 5: the facts stand still for too short',
    fencedSurvivor({
      disk: diskOf(1, {
        reported: true,
        aside: [{ name: 'source-of-record-2', lineage: 1, data: dataOf(1, COMMITTED), config: configOf([1, 2, 3]) }],
        fence: { record: 1 },
      }),
      silence: silenceOf(
        [1, 2, 3],
        [
          {
            ...reportOf(1, { fenced: true }),
            serial: 'p1',
            format: 2,
            facts: 's1',
            binds: { kind: 'proposes', record: forcedOf(recordMember(1), { epochFloor: 65_537 }), relied: {} },
          },
        ],
      ),
      watch: stoodStill(1, ['s1'], [1, 2, 3], 19_999),
    }),
    wait(
      'Everybody is fenced, and the facts must stay equal for 20 s. Then: This node has the best data: epoch 1, zxid 0000000100000042.',
      '[1,["s1"],["i-0a01","i-0a02","i-0a03"]]',
    ),
  ),
  row(
    'Recovery 5: the lineage ranks before the epoch',
    stopped({
      disk: diskOf(1, {
        stamp: { cluster: CLUSTER, lineage: 2, id: 1 },
        data: dataOf(2, toZxid(0x200000003n)),
        reported: true,
        config: configOf([1, 3], toZxid(0x200000002n)),
        fence: { record: 2 },
      }),
      shared: sharedOf([genesisOf([1, 2, 3]), forcedOf(recordMember(1))], [1, 2, 3]),
      group: groupOf([1]),
      lives: { ...livesOf([1, 2]), ...livesOf([3], 'gone') },
      silence: silenceOf(
        [1, 2, 3],
        [
          reportOfFive(1, {
            record: 2,
            lineage: 2,
            data: dataOf(2, toZxid(0x200000003n)),
            config: configOf([1, 3], toZxid(0x200000002n)),
          }),
          reportOf(2, { record: 2, fenced: true, canVote: false, data: dataOf(5, toZxid(0x500000001n)) }),
        ],
      ),
      watch: stoodStill(2, ['s1', 's2'], [1, 2, 3]),
    }),
    take(
      {
        kind: 'propose-record',
        record: forcedOf(recordMember(1), {
          number: 3,
          fenced: [instanceOf(1), instanceOf(2)],
          epochFloor: 65_541,
          source: { lineage: 2 },
        }),
        relied: { [instanceOf(2)]: 's2' },
        from: 's1',
      },
      'This node has the best data: epoch 2, zxid 0000000200000003. It asks the others.',
    ),
  ),
  row(
    'Recovery 5: the longer log is better',
    twoOfFive({
      group: groupOf([1]),
      silence: silenceOf(
        [1, 2, 3, 4, 5],
        [reportOfFive(1), reportOfFive(2, { data: dataOf(1, toZxid(0x100000043n)) })],
        { announcements: announcementsOf([1, 2, 3, 4, 5]) },
      ),
    }),
    wait(
      'Node 2 (i-0a02) has the best data: epoch 1, zxid 0000000100000043. It recovers next.',
      '[1,["s1","s2"],["i-0a01","i-0a02","i-0a03","i-0a04","i-0a05"]]',
    ),
  ),
  row(
    'Recovery 5: the source is copied while the facts stand still',
    fencedSurvivor({
      silence: silenceOf(
        [1, 2, 3],
        [
          {
            ...reportOf(1, { fenced: true }),
            serial: 'p1',
            format: 2,
            facts: 's1',
            binds: { kind: 'proposes', record: forcedOf(recordMember(1), { epochFloor: 65_537 }), relied: {} },
          },
        ],
      ),
      watch: stoodStill(1, ['s1'], [1, 2, 3], 19_999),
    }),
    take(
      { kind: 'keep-source', record: 2 },
      'This node is about to recover from its data, so a copy of it is put aside meanwhile.',
    ),
  ),
  row(
    'Recovery 6: after the fence the owner starts',
    stopped({
      disk: diskOf(1, { stamp: { cluster: CLUSTER, lineage: 2, id: 1 }, config: configOf([1], ZXID_ZERO) }),
      shared: sharedOf(
        [genesisOf([1, 2, 3]), forcedOf(recordMember(1), { fenced: [instanceOf(1), instanceOf(4)] })],
        [1, 2, 3, 4],
      ),
      group: groupOf([1]),
      lives: { ...livesOf([1, 4]), ...livesOf([2, 3], 'gone') },
      silence: silenceOf(
        [1, 2, 3, 4],
        [reportOf(1, { fenced: true }), emptyReportOf(4, { lineage: 1, config: configOf([1, 2, 3]) })],
      ),
    }),
    take({ kind: 'start-server' }, 'The server does not run; it restarts from the config that it wrote last.'),
  ),
  row(
    'Recovery 6: after the stamp the fence is lifted',
    stopped({
      disk: diskOf(1, {
        stamp: { cluster: CLUSTER, lineage: 2, id: 1 },
        reported: true,
        config: configOf([1], ZXID_ZERO),
        fence: { record: 1 },
      }),
      shared: sharedOf(
        [genesisOf([1, 2, 3]), forcedOf(recordMember(1), { fenced: [instanceOf(1), instanceOf(4)] })],
        [1, 2, 3, 4],
      ),
      group: groupOf([1]),
      lives: { ...livesOf([1, 4]), ...livesOf([2, 3], 'gone') },
      silence: silenceOf(
        [1, 2, 3, 4],
        [reportOf(1, { fenced: true }), emptyReportOf(4, { lineage: 1, config: configOf([1, 2, 3]) })],
      ),
    }),
    take({ kind: 'lift-fence', record: 2 }, 'This node is ready to start under record 2.'),
  ),
  row(
    'Recovery 6: an owner that grew restarts and never founds again',
    stopped({
      disk: diskOf(1, {
        stamp: { cluster: CLUSTER, lineage: 2, id: 1 },
        config: configOf([1, 4], toZxid(0x200000005n)),
      }),
      shared: sharedOf(
        [genesisOf([1, 2, 3]), forcedOf(recordMember(1), { fenced: [instanceOf(1), instanceOf(4)] })],
        [1, 2, 3, 4],
      ),
      group: groupOf([1]),
      lives: { ...livesOf([1, 4]), ...livesOf([2, 3], 'gone') },
      silence: silenceOf(
        [1, 2, 3, 4],
        [reportOf(1, { fenced: true }), emptyReportOf(4, { lineage: 1, config: configOf([1, 2, 3]) })],
      ),
    }),
    take({ kind: 'start-server' }, 'The server does not run; it restarts from the config that it wrote last.'),
  ),
  row(
    'Recovery 6: an owner without its fence raises it',
    stopped({
      disk: diskOf(1, { reported: true }),
      shared: sharedOf(
        [genesisOf([1, 2, 3]), forcedOf(recordMember(1), { fenced: [instanceOf(1), instanceOf(4)] })],
        [1, 2, 3, 4],
      ),
      group: groupOf([1]),
      lives: { ...livesOf([1, 4]), ...livesOf([2, 3], 'gone') },
      silence: silenceOf(
        [1, 2, 3, 4],
        [reportOf(1, { fenced: true }), emptyReportOf(4, { lineage: 1, config: configOf([1, 2, 3]) })],
      ),
    }),
    take({ kind: 'raise-fence', record: 1 }, 'The owner of a forced record founds its ensemble behind its fence.'),
  ),
  row(
    'Recovery 6: held back by maintenance',
    fencedSurvivor({
      shared: sharedOf(
        [genesisOf([1, 2, 3]), forcedOf(recordMember(1), { fenced: [instanceOf(1), instanceOf(4)] })],
        [1, 2, 3, 4],
      ),
      group: groupOf([1], { maintenance: true }),
      lives: { ...livesOf([1, 4]), ...livesOf([2, 3], 'gone') },
      silence: silenceOf(
        [1, 2, 3, 4],
        [reportOf(1, { fenced: true }), emptyReportOf(4, { lineage: 1, config: configOf([1, 2, 3]) })],
      ),
      watch: undefined,
    }),
    wait(
      'Record 2 makes this node the owner of what follows, and that is held back: the group is in maintenance mode.',
      undefined,
      [{ action: 'lift-maintenance', when: [{ is: 'work-is-over' }] }],
    ),
  ),
  row(
    'Recovery 6: somebody whom the record names is not fenced any more',
    fencedSurvivor({
      shared: sharedOf(
        [genesisOf([1, 2, 3]), forcedOf(recordMember(1), { fenced: [instanceOf(1), instanceOf(4)] })],
        [1, 2, 3, 4],
      ),
      lives: { ...livesOf([1, 4]), ...livesOf([2, 3], 'gone') },
      silence: silenceOf([1, 2, 3, 4], [reportOf(1, { fenced: true }), reportOf(4)]),
      watch: undefined,
    }),
    wait('Before this node founds the ensemble of record 2, i-0a04 must be fenced again or gone for good.'),
  ),
  row(
    'Recovery 6: the founding is repeated from data set aside',
    stopped({
      disk: diskOf(1, {
        stamp: { cluster: CLUSTER, lineage: 2, id: 1 },
        data: undefined,
        reported: true,
        aside: [{ name: 'lineage-2-before-3', lineage: 2, data: dataOf(4, toZxid(0x400000002n)) }],
        freeShare: 0.6,
        fence: { record: 2 },
      }),
      shared: sharedOf(
        [
          genesisOf([1, 2, 3]),
          forcedOf(recordMember(2)),
          forcedOf(recordMember(1), { number: 3, source: { lineage: 2, aside: 'lineage-2-before-3' } }),
        ],
        [1, 2, 3],
      ),
      group: groupOf([1]),
      lives: { ...livesOf([1]), ...livesOf([2, 3], 'gone') },
      silence: silenceOf([1, 2, 3], [reportOf(1, { record: 2, fenced: true })]),
    }),
    take(
      {
        kind: 'found-forced',
        record: forcedOf(recordMember(1), { number: 3, source: { lineage: 2, aside: 'lineage-2-before-3' } }),
        gone: [],
      },
      'Record 3 makes this node the owner, and everybody whom it names is still fenced.',
    ),
  ),
  row(
    'Recovery 6: the gone need not be fenced',
    fencedSurvivor({
      shared: sharedOf(
        [genesisOf([1, 2, 3]), forcedOf(recordMember(1), { fenced: [instanceOf(1), instanceOf(4)] })],
        [1, 2, 3, 4],
      ),
      lives: { ...livesOf([1]), ...livesOf([2, 3, 4], 'gone') },
      silence: silenceOf([1, 2, 3, 4], [reportOf(1, { fenced: true })]),
      watch: undefined,
    }),
    take(
      {
        kind: 'found-forced',
        record: forcedOf(recordMember(1), { fenced: [instanceOf(1), instanceOf(4)] }),
        gone: [instanceOf(4)],
      },
      'Record 2 makes this node the owner, and everybody whom it names is still fenced.',
    ),
  ),
  row(
    'Recovery 6: the owner founds its ensemble',
    fencedSurvivor({
      shared: sharedOf(
        [genesisOf([1, 2, 3]), forcedOf(recordMember(1), { fenced: [instanceOf(1), instanceOf(4)] })],
        [1, 2, 3, 4],
      ),
      lives: { ...livesOf([1, 4]), ...livesOf([2, 3], 'gone') },
      silence: silenceOf(
        [1, 2, 3, 4],
        [reportOf(1, { fenced: true }), emptyReportOf(4, { lineage: 1, config: configOf([1, 2, 3]) })],
      ),
      watch: undefined,
    }),
    take(
      { kind: 'found-forced', record: forcedOf(recordMember(1), { fenced: [instanceOf(1), instanceOf(4)] }), gone: [] },
      'Record 2 makes this node the owner, and everybody whom it names is still fenced.',
    ),
  ),
  row(
    'Recovery 7: an owner that acted and was lost ranks like any node',
    fencedSurvivor({
      shared: sharedOf(
        [genesisOf([1, 2, 3]), forcedOf(recordMember(4), { fenced: [instanceOf(1), instanceOf(4)] })],
        [1, 2, 3, 4, 5],
      ),
      lives: { ...livesOf([1, 4]), ...livesOf([2, 3, 5], 'gone') },
      silence: silenceOf(
        [1, 2, 3, 4, 5],
        [
          reportOf(1, { record: 2, fenced: true, canVote: false }),
          reportOfFive(4, {
            record: 2,
            lineage: 2,
            data: dataOf(2, toZxid(0x200000009n)),
            config: configOf([4, 5], toZxid(0x200000009n)),
          }),
        ],
      ),
      watch: stoodStill(2, ['s1', 's4'], [1, 2, 3, 4, 5]),
    }),
    wait(
      'Node 4 (i-0a04) has the best data: epoch 2, zxid 0000000200000009. It recovers next.',
      '[2,["s1","s4"],["i-0a01","i-0a02","i-0a03","i-0a04","i-0a05"]]',
    ),
  ),
  row(
    'Recovery 7: an owner that reports its data is waited for',
    fencedSurvivor({
      shared: sharedOf(
        [genesisOf([1, 2, 3]), forcedOf(recordMember(4), { fenced: [instanceOf(1), instanceOf(4)] })],
        [1, 2, 3, 4],
      ),
      lives: { ...livesOf([1, 4]), ...livesOf([2, 3], 'gone') },
      silence: silenceOf(
        [1, 2, 3, 4],
        [
          reportOf(1, { record: 2, fenced: true, canVote: false }),
          reportOf(4, { record: 2, fenced: true, canVote: false }),
        ],
      ),
      watch: stoodStill(2, ['s1'], [1, 2, 3, 4]),
    }),
    wait('Record 2 belongs to i-0a04, which has not founded its ensemble yet; only it may act on the record.'),
  ),
  row(
    'Recovery 7: data set aside of a higher lineage is the best',
    fencedSurvivor({
      disk: diskOf(1, {
        reported: true,
        aside: [{ name: 'lineage-2-before-3', lineage: 2, data: dataOf(4, toZxid(0x400000002n)) }],
        fence: { record: 3 },
      }),
      shared: sharedOf(
        [genesisOf([1, 2, 3]), forcedOf(recordMember(2)), forcedOf(recordMember(3), { number: 3 })],
        [1, 2, 3],
      ),
      silence: silenceOf(
        [1, 2, 3],
        [
          reportOf(1, {
            record: 3,
            fenced: true,
            canVote: false,
            aside: [{ name: 'lineage-2-before-3', lineage: 2, data: dataOf(4, toZxid(0x400000002n)) }],
          }),
        ],
      ),
      watch: stoodStill(3, ['s1'], [1, 2, 3]),
    }),
    take(
      {
        kind: 'propose-record',
        record: forcedOf(recordMember(1), {
          number: 4,
          epochFloor: 65_540,
          source: { lineage: 2, aside: 'lineage-2-before-3' },
        }),
        relied: {},
        from: 's1',
      },
      'This node has the best data: epoch 4, zxid 0000000400000002, set aside as lineage-2-before-3. It asks the others.',
    ),
  ),
  row(
    'Recovery 7: only the owner acts while it lives',
    fencedSurvivor({
      shared: sharedOf(
        [genesisOf([1, 2, 3]), forcedOf(recordMember(4), { fenced: [instanceOf(1), instanceOf(4)] })],
        [1, 2, 3, 4],
      ),
      lives: { ...livesOf([1, 4]), ...livesOf([2, 3], 'gone') },
      silence: silenceOf(
        [1, 2, 3, 4],
        [reportOf(1, { record: 2, fenced: true, canVote: false }), reportOf(4, { fenced: true })],
      ),
      watch: stoodStill(2, ['s1'], [1, 2, 3, 4]),
    }),
    wait(
      'There is no quorum, but it is not lost for good: enough of the voters 4 at 10.0.0.4 can come back.',
      undefined,
      [start(4), terminate(4, [tooFewCanRun(1, [4])])],
    ),
  ),
  row(
    'Recovery 7: the owner cannot so the best left writes the next',
    fencedSurvivor({
      shared: sharedOf(
        [genesisOf([1, 2, 3]), forcedOf(recordMember(4), { fenced: [instanceOf(1), instanceOf(4)] })],
        [1, 2, 3, 4],
      ),
      lives: { ...livesOf([1, 4]), ...livesOf([2, 3], 'gone') },
      silence: silenceOf(
        [1, 2, 3, 4],
        [reportOf(1, { record: 2, fenced: true, canVote: false }), emptyReportOf(4, { record: 2 })],
      ),
      watch: stoodStill(2, ['s1', 's4'], [1, 2, 3, 4]),
    }),
    take(
      {
        kind: 'propose-record',
        record: forcedOf(recordMember(1), { number: 3, fenced: [instanceOf(1), instanceOf(4)], epochFloor: 65_537 }),
        relied: { [instanceOf(4)]: 's4' },
        from: 's1',
      },
      'This node has the best data: epoch 1, zxid 0000000100000042. It asks the others.',
    ),
  ),
  row(
    'Recovery 7: the owner is gone so the best left writes the next',
    fencedSurvivor({
      shared: sharedOf(
        [genesisOf([1, 2, 3]), forcedOf(recordMember(4), { fenced: [instanceOf(1), instanceOf(4)] })],
        [1, 2, 3, 4],
      ),
      lives: { ...livesOf([1]), ...livesOf([2, 3, 4], 'gone') },
      silence: silenceOf(
        [1, 2, 3, 4],
        [reportOf(1, { record: 2, fenced: true, canVote: false }), reportOf(4, { fenced: true })],
      ),
      watch: stoodStill(2, ['s1'], [1, 2, 3, 4]),
    }),
    take(
      {
        kind: 'propose-record',
        record: forcedOf(recordMember(1), { number: 3, epochFloor: 65_537 }),
        relied: {},
        from: 's1',
      },
      'This node has the best data: epoch 1, zxid 0000000100000042. It asks the others.',
    ),
  ),
  row(
    'Recovery 8: allow empty genesis never while data is left',
    fencedSurvivor({ order: orderOf({ allowEmptyGenesis: true }) }),
    take(
      { kind: 'propose-record', record: forcedOf(recordMember(1), { epochFloor: 65_537 }), relied: {}, from: 's1' },
      'This node has the best data: epoch 1, zxid 0000000100000042. It asks the others.',
    ),
  ),
  row(
    'Recovery 8: allow empty genesis while somebody is unheard',
    stopped({
      order: orderOf({ allowEmptyGenesis: true }),
      self: selfOf(4),
      disk: newDiskOf(4, { reported: true, fence: { record: 1 } }),
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4]),
      group: groupOf([4], { desired: 1 }),
      lives: { ...livesOf([3, 4]), ...livesOf([1, 2], 'gone') },
      silence: silenceOf([1, 2, 3, 4], [emptyReportOf(4)]),
      watch: stoodStill(1, ['s4'], [1, 2, 3, 4]),
    }),
    wait('The quorum is lost for good, and i-0a03 has not reported.', undefined, [
      start(3),
      lookAtLog(3),
      terminate(3),
    ]),
  ),
  row(
    'Recovery 8: an epoch without an entry is no data',
    fencedSurvivor({
      disk: diskOf(1, { data: dataOf(1, ZXID_ZERO), reported: true, fence: { record: 1 } }),
      silence: silenceOf([1, 2, 3], [reportOf(1, { fenced: true, data: dataOf(1, ZXID_ZERO) })]),
    }),
    wait(
      'Nobody who is left has whole data of this cluster (newest record 1). Nothing empty is put in its place unasked.',
      '[1,["s1"],["i-0a01","i-0a02","i-0a03"]]',
      [
        { action: 'find-data', when: [] },
        {
          action: 'allow-empty-genesis',
          instance: instanceOf(1),
          when: [NOTHING_ELSE_HELPS, { is: 'no-leader' }, { is: 'still-advised' }],
          loses: { kind: 'everything' },
        },
      ],
    ),
  ),
  row(
    'Recovery 8: everything is gone so the new nodes wait',
    stopped({
      self: selfOf(4),
      disk: newDiskOf(4, { reported: true, fence: { record: 1 } }),
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4]),
      group: groupOf([4], { desired: 1 }),
      lives: { ...livesOf([4]), ...livesOf([1, 2, 3], 'gone') },
      silence: silenceOf([1, 2, 3, 4], [emptyReportOf(4)]),
      watch: stoodStill(1, ['s4'], [1, 2, 3, 4]),
    }),
    wait(
      'Nobody who is left has whole data of this cluster (newest record 1). Nothing empty is put in its place unasked.',
      '[1,["s4"],["i-0a01","i-0a02","i-0a03","i-0a04"]]',
      [
        { action: 'find-data', when: [] },
        {
          action: 'allow-empty-genesis',
          instance: instanceOf(4),
          when: [NOTHING_ELSE_HELPS, { is: 'no-leader' }, { is: 'still-advised' }],
          loses: { kind: 'everything' },
        },
      ],
    ),
  ),
  row(
    'Recovery 9: a proposal upon facts that hold is answered',
    twoOfFive({
      disk: diskOf(1, {
        reported: true,
        config: configOf([1, 2, 3, 4, 5]),
        aside: [{ name: 'source-of-record-2', lineage: 1, data: dataOf(1, COMMITTED) }],
        fence: { record: 1 },
      }),
      silence: silenceOf(
        [1, 2, 3, 4, 5],
        [
          { ...reportOfFive(1), ageMs: 1_000, format: 2 },
          {
            ...reportOfFive(2, { data: dataOf(1, toZxid(0x100000043n)) }),
            serial: 'b2',
            ageMs: 1_000,
            format: 2,
            facts: 's2',
            binds: {
              kind: 'proposes',
              record: forcedOf(recordMember(2), { fenced: [instanceOf(1), instanceOf(2)] }),
              relied: { [instanceOf(1)]: 's1' },
            },
          },
        ],
      ),
    }),
    take(
      { kind: 'answer-proposal', number: 2, proposer: instanceOf(2), proposal: 'b2', from: 's1' },
      'i-0a02 proposes record 2 upon facts that still hold, and this node stands still until that is settled.',
    ),
  ),
  row(
    'Recovery 9: everybody has answered so the record is accepted',
    twoOfFive({
      disk: diskOf(1, {
        data: dataOf(1, toZxid(0x100000043n)),
        reported: true,
        config: configOf([1, 2, 3, 4, 5]),
        aside: [{ name: 'source-of-record-2', lineage: 1, data: dataOf(1, toZxid(0x100000043n)) }],
        fence: { record: 1 },
      }),
      silence: silenceOf(
        [1, 2, 3, 4, 5],
        [
          {
            ...reportOfFive(1, { data: dataOf(1, toZxid(0x100000043n)) }),
            serial: 'b1',
            ageMs: 1_000,
            format: 2,
            facts: 's1',
            binds: {
              kind: 'proposes',
              record: forcedOf(recordMember(1), { fenced: [instanceOf(1), instanceOf(2)], epochFloor: 65_537 }),
              relied: { [instanceOf(2)]: 's2' },
            },
          },
          {
            ...reportOfFive(2),
            serial: 'b2',
            ageMs: 1_000,
            format: 2,
            facts: 's2',
            binds: { kind: 'answers', record: 2, proposer: instanceOf(1), proposal: 'b1' },
          },
        ],
      ),
    }),
    take(
      {
        kind: 'accept-record',
        proposal: 'b1',
        record: forcedOf(recordMember(1), { fenced: [instanceOf(1), instanceOf(2)], epochFloor: 65_537 }),
        unasked: {},
      },
      'This node has the best data: epoch 1, zxid 0000000100000043.',
    ),
  ),
  row(
    'Recovery 9: the record of a founded proposal is written',
    twoOfFive({
      disk: diskOf(1, {
        reported: true,
        config: configOf([1, 2, 3, 4, 5]),
        aside: [{ name: 'source-of-record-2', lineage: 1, data: dataOf(1, COMMITTED) }],
        fence: { record: 1 },
      }),
      silence: silenceOf(
        [1, 2, 3, 4, 5],
        [
          {
            ...reportOfFive(1),
            serial: 'b1',
            ageMs: 1_000,
            format: 2,
            facts: 's1',
            binds: { kind: 'answers', record: 2, proposer: instanceOf(2), proposal: 'b2' },
          },
          {
            ...reportOfFive(2, { data: dataOf(1, toZxid(0x100000043n)) }),
            serial: 'b2',
            ageMs: 1_000,
            format: 2,
            facts: 's2',
            binds: {
              kind: 'proposes',
              record: forcedOf(recordMember(2), { fenced: [instanceOf(1), instanceOf(2)] }),
              relied: { [instanceOf(1)]: 's1' },
            },
          },
        ],
        {
          outcomes: [
            {
              kind: 'founded',
              proposal: 'b2',
              record: forcedOf(recordMember(2), { fenced: [instanceOf(1), instanceOf(2)] }),
            },
          ],
        },
      ),
    }),
    take(
      { kind: 'write-record', record: forcedOf(recordMember(2), { fenced: [instanceOf(1), instanceOf(2)] }) },
      'Everybody has agreed to record 2, and it is not written yet.',
    ),
  ),
  row(
    'Recovery 9: who has not answered is named',
    twoOfFive({
      disk: diskOf(1, {
        data: dataOf(1, toZxid(0x100000043n)),
        reported: true,
        config: configOf([1, 2, 3, 4, 5]),
        aside: [{ name: 'source-of-record-2', lineage: 1, data: dataOf(1, toZxid(0x100000043n)) }],
        fence: { record: 1 },
      }),
      silence: silenceOf(
        [1, 2, 3, 4, 5],
        [
          {
            ...reportOfFive(1, { data: dataOf(1, toZxid(0x100000043n)) }),
            serial: 'b1',
            ageMs: 1_000,
            format: 2,
            facts: 's1',
            binds: {
              kind: 'proposes',
              record: forcedOf(recordMember(1), { fenced: [instanceOf(1), instanceOf(2)], epochFloor: 65_537 }),
              relied: { [instanceOf(2)]: 's2' },
            },
          },
          { ...reportOfFive(2), ageMs: 1_000, format: 2 },
        ],
      ),
    }),
    wait(
      'This node has the best data: epoch 1, zxid 0000000100000043. Before that i-0a02 must agree.',
      '[1,["s1","s2"],["i-0a01","i-0a02","i-0a03","i-0a04","i-0a05"]]',
    ),
  ),
];
