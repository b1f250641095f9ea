// SPDX-License-Identifier: Apache-2.0
import { unknown } from '../../../src/model/cloud.ts';
import type { DiskFacts } from '../../../src/model/disk.ts';
import { firstVersion } from '../../../src/model/first-version.ts';
import { done, take, wait } from '../../../src/model/step.ts';
import { ZXID_ZERO } from '../../../src/model/zxid.ts';
import {
  announcementsOf,
  BELOW_COMMITTED,
  CLUSTER,
  COMMITTED,
  configOf,
  dataOf,
  diskOf,
  EMPTY_DISK,
  emptyReportOf,
  ensembleOf,
  forcedOf,
  genesisOf,
  groupIn,
  groupOf,
  instanceOf,
  livesOf,
  member,
  NO_RECORD,
  newDiskOf,
  nonceOf,
  orderOf,
  recordMember,
  reportOf,
  S3_IS_SILENT,
  STOPPED,
  sharedOf,
  silenceOf,
  stoodStill,
} from '../parts.ts';
import {
  aloneAfterTheFirst,
  beforeFirstStart,
  beforeGenesis,
  healthy,
  secondGenesis,
  silent,
  stopped,
  withoutS3,
} from '../situations.ts';
import { NOTHING_ELSE_HELPS } from './advised.ts';
import { type Row, row } from './row.ts';

/** Node 1 is ready for its first start under record 2, and somebody deleted its `version-2` since. */
function preparedForSecond(change: Partial<DiskFacts> = {}): DiskFacts {
  const config = configOf([1, 2, 3], firstVersion({ epochFloor: 4 }));
  return newDiskOf(1, { stamp: { cluster: CLUSTER, lineage: 2, id: 1 }, marker: true, config, ...change });
}

/** Genesis: what decide does by the rules of this chapter. */
export const GENESIS: readonly Row[] = [
  row(
    'Genesis 1: a claimed instance is leaving',
    beforeGenesis({ group: groupIn([1, 2, 3], { 1: 'Pending', 2: 'Pending', 3: 'Terminating:Wait' }) }),
    wait('2 of the 3 nodes that the group desires have claimed an id.'),
  ),
  row(
    'Genesis 1: a claimed instance is unknown',
    beforeGenesis({ lives: livesOf([1, 2]) }),
    wait('2 of the 3 nodes that the group desires have claimed an id.'),
  ),
  row(
    'Genesis 1: a group of none founds nothing',
    beforeGenesis({ group: groupOf([1], { desired: 0, maximum: 3 }) }),
    wait('3 of the 0 nodes that the group desires have claimed an id.'),
  ),
  row(
    'Genesis 1: all desired nodes have claimed',
    beforeGenesis(),
    take(
      { kind: 'create-genesis', record: genesisOf([1, 2, 3]) },
      'All 3 desired nodes have claimed an id: the first ensemble is 1, 2, 3.',
    ),
  ),
  row(
    'Genesis 1: exactly the desired number lowest ids first',
    beforeGenesis({ shared: sharedOf([], [1, 2, 3, 4, 5]), lives: livesOf([1, 2, 3, 4, 5]) }),
    take(
      { kind: 'create-genesis', record: genesisOf([1, 2, 3]) },
      'All 3 desired nodes have claimed an id: the first ensemble is 1, 2, 3.',
    ),
  ),
  row(
    'Genesis 1: held back by maintenance',
    beforeGenesis({ group: groupOf([1, 2, 3], { maintenance: true }) }),
    wait('There is no ensemble yet and none is founded: the group is in maintenance mode.', undefined, [
      { action: 'lift-maintenance', when: [{ is: 'work-is-over' }] },
    ]),
  ),
  row(
    'Genesis 1: held back while the group is unknown',
    beforeGenesis({ group: unknown('throttled') }),
    wait(
      "There is no ensemble yet and none is founded: the Auto Scaling group can't be read (throttled), and it may be in maintenance.",
    ),
  ),
  row(
    'Genesis 1: held back while the target state is unknown',
    beforeGenesis({ targetState: unknown('timed out') }),
    wait(
      "There is no ensemble yet and none is founded: the instance's target lifecycle state can't be read (timed out).",
    ),
  ),
  row(
    'Genesis 1: one node is missing',
    beforeGenesis({ shared: sharedOf([], [1, 2]) }),
    wait('2 of the 3 nodes that the group desires have claimed an id.'),
  ),
  row(
    'Genesis 1: oneself is not seen running',
    beforeGenesis({ group: groupOf([2, 3], { desired: 2 }), lives: livesOf([2, 3]) }),
    wait('This node does not see its own claim with a running instance yet.'),
  ),
  row(
    'Genesis 2: a listed node makes its first start',
    beforeFirstStart(),
    take(
      { kind: 'prepare-genesis', record: genesisOf([1, 2, 3]), member: recordMember(1) },
      'This node is member 1 of the first ensemble of record 1.',
    ),
  ),
  row(
    'Genesis 2: a stamped node without its data gets no second marker',
    stopped({ disk: diskOf(1, { data: undefined }), silence: silenceOf([1, 2, 3], []) }),
    take(
      { kind: 'raise-fence', record: 1 },
      'Nobody answers as the leader and this node has no data to vote with, so its server stands still.',
    ),
  ),
  row(
    'Genesis 2: another nonce means a wiped disk',
    beforeFirstStart({ silence: silenceOf([1, 2, 3], []) }),
    take(
      { kind: 'raise-fence', record: 1 },
      'Nobody answers as the leader and this node has no data to vote with, so its server stands still.',
    ),
  ),
  row(
    'Genesis 2: held back by maintenance',
    beforeFirstStart({ group: groupOf([1, 2, 3], { maintenance: true }) }),
    wait(
      'This node is listed in record 1 and its first start is held back: the group is in maintenance mode.',
      undefined,
      [{ action: 'lift-maintenance', when: [{ is: 'work-is-over' }] }],
    ),
  ),
  row(
    'Genesis 2: repeated with its own nonce before the stamp',
    stopped({
      disk: newDiskOf(1, { marker: true, nonce: nonceOf(1) }),
      silence: silenceOf([1, 2, 3], [], { announcements: announcementsOf([1]) }),
    }),
    take(
      { kind: 'prepare-genesis', record: genesisOf([1, 2, 3]), member: recordMember(1) },
      'This node is member 1 of the first ensemble of record 1.',
    ),
  ),
  row(
    'Genesis 2: data of the record that was set aside means that this disk has started under it',
    stopped({
      disk: newDiskOf(1, {
        nonce: nonceOf(1),
        aside: [{ name: 'lineage-1-before-1', lineage: 1, data: dataOf(1, COMMITTED) }],
      }),
      silence: silenceOf([1, 2, 3], [], { announcements: announcementsOf([1]) }),
    }),
    take(
      { kind: 'raise-fence', record: 1 },
      'Nobody answers as the leader and this node has no data to vote with, so its server stands still.',
    ),
  ),
  row(
    'Genesis 2: data set aside without a stamp may be of record 1',
    stopped({
      disk: newDiskOf(1, {
        nonce: nonceOf(1),
        aside: [{ name: 'torn-stamp-before-1', lineage: 0, data: dataOf(1, COMMITTED) }],
      }),
      silence: silenceOf([1, 2, 3], [], { announcements: announcementsOf([1]) }),
    }),
    take(
      { kind: 'raise-fence', record: 1 },
      'Nobody answers as the leader and this node has no data to vote with, so its server stands still.',
    ),
  ),
  row(
    'Genesis 3: a listed node joins the ensemble that answers',
    healthy({ disk: newDiskOf(1), server: STOPPED, ensemble: ensembleOf([1, 2, 3], { servingIds: [2, 3] }) }),
    take(
      { kind: 'prepare-join', version: BELOW_COMMITTED, members: [member(1), member(2), member(3)], id: 1, lineage: 1 },
      'An ensemble of the newest record answers; this node joins it with a fresh config.',
    ),
  ),
  row(
    'Genesis 3: a node that is not listed does not start',
    beforeFirstStart({ shared: sharedOf([genesisOf([2, 3, 4])], [1, 2, 3, 4]) }),
    take(
      { kind: 'raise-fence', record: 1 },
      'Nobody answers as the leader and this node has no data to vote with, so its server stands still.',
    ),
  ),
  row(
    'Genesis 3: a running server of an older record stops',
    healthy({
      shared: sharedOf([genesisOf([1, 2, 3]), forcedOf(recordMember(2))], [1, 2, 3]),
      ensemble: undefined,
      silence: silenceOf([1, 2, 3], []),
    }),
    take({ kind: 'stop-server' }, 'Record 2 exists, and this server runs with data of lineage 1.'),
  ),
  row(
    'Genesis 2: while the marker is there the epoch floor is raised again right before the start',
    secondGenesis({ disk: preparedForSecond() }),
    take(
      { kind: 'start-server', epochFloor: 4 },
      'The server does not run; it restarts from the config that it wrote last.',
    ),
  ),
  row(
    'Genesis 2: without AWS the config of the first start names the epoch floor',
    withoutS3({ disk: preparedForSecond() }),
    take(
      { kind: 'start-server', epochFloor: 4 },
      'The server does not run; it restarts from the config that it wrote last.',
    ),
  ),
  row(
    'Genesis 2: beside an ensemble of the record the epoch floor is raised again, too',
    secondGenesis({
      disk: preparedForSecond(),
      ensemble: ensembleOf([1, 2, 3], { epoch: 5, config: configOf([1, 2, 3], firstVersion({ epochFloor: 4 })) }),
      silence: NO_RECORD,
    }),
    take(
      { kind: 'start-server', epochFloor: 4 },
      'The config on this disk holds this node, so its server starts from it.',
    ),
  ),
  row(
    'Genesis 2: once the server has loaded, nothing raises its epoch again',
    secondGenesis({ disk: preparedForSecond({ marker: false, data: dataOf(0, ZXID_ZERO, { acceptedEpoch: 4 }) }) }),
    take({ kind: 'start-server' }, 'The server does not run; it restarts from the config that it wrote last.'),
  ),
  row(
    'Genesis 4: a bucket without records says nothing about a stamped disk',
    stopped({ disk: diskOf(1, { reported: true }), shared: sharedOf([], [1, 2, 3]), silence: NO_RECORD }),
    take({ kind: 'start-server' }, 'The server does not run; it restarts from the config that it wrote last.'),
  ),
  row(
    'Genesis 4: a config without this node is joined with the data',
    stopped({ disk: diskOf(1, { config: configOf([2, 3]) }) }),
    take(
      {
        kind: 'prepare-join',
        version: BELOW_COMMITTED,
        members: [member(1, 'observer'), member(2), member(3)],
        id: 1,
        lineage: 1,
      },
      'This node has data of the newest lineage, and the last config it knows lacks it: an addition may have committed unseen, and the others may need its vote.',
    ),
  ),
  row(
    'Genesis 4: a marked node at epoch 0 starts',
    stopped({ disk: diskOf(1, { data: undefined, marker: true, ready: false }) }),
    take({ kind: 'start-server' }, 'The server does not run; it restarts from the config that it wrote last.'),
  ),
  row(
    'Genesis 4: a stamp above the newest record is believed more than the bucket',
    stopped({ disk: diskOf(1, { stamp: { cluster: CLUSTER, lineage: 2, id: 1 } }), silence: NO_RECORD }),
    take({ kind: 'start-server' }, 'The server does not run; it restarts from the config that it wrote last.'),
  ),
  row(
    'Genesis 4: a stamped node restarts from its own config',
    stopped({ disk: diskOf(1, { reported: true }) }),
    take({ kind: 'start-server' }, 'The server does not run; it restarts from the config that it wrote last.'),
  ),
  row(
    'Genesis 4: without S3 a fenced node stays down',
    withoutS3({ disk: diskOf(1, { fence: { record: 1 } }) }),
    wait('Nothing is done while S3 timed out.'),
  ),
  row(
    'Genesis 4: without S3 a new node waits',
    withoutS3({ disk: EMPTY_DISK, silence: NO_RECORD }),
    wait('Nothing is done while S3 timed out.'),
  ),
  row(
    'Genesis 4: without S3 a node that left stays down',
    withoutS3({ disk: diskOf(1, { left: true }) }),
    wait('Nothing is done while S3 timed out.'),
  ),
  row(
    'Genesis 4: without S3 a node without data stays down',
    withoutS3({ disk: diskOf(1, { data: undefined }) }),
    wait('Nothing is done while S3 timed out.'),
  ),
  row(
    'Genesis 4: without S3 a running server is left alone',
    silent({ shared: S3_IS_SILENT, silence: S3_IS_SILENT }),
    wait('The server runs without quorum, and nothing else is done while S3 timed out.'),
  ),
  row(
    'Genesis 4: without S3 a serving node just serves',
    healthy({
      shared: S3_IS_SILENT,
      group: unknown('throttled'),
      lives: {},
      ensemble: undefined,
      silence: S3_IS_SILENT,
    }),
    done('The server serves; nothing else is done while S3 timed out.'),
  ),
  row(
    'Genesis 4: without S3 a stamped node restarts',
    withoutS3({ disk: diskOf(1, { reported: true }) }),
    take({ kind: 'start-server' }, 'The server does not run; it restarts from the config that it wrote last.'),
  ),
  row(
    'Genesis 5: a forced record counts as started',
    aloneAfterTheFirst({
      disk: newDiskOf(1, { reported: true, fence: { record: 2 } }),
      shared: sharedOf([genesisOf([2, 3, 4]), forcedOf(recordMember(2))], [1, 2, 3, 4]),
      silence: silenceOf([1, 2, 3, 4], [emptyReportOf(1, { record: 2 })], { announcements: [] }),
      watch: stoodStill(2, ['s1'], [1, 2, 3, 4]),
    }),
    wait(
      'Nobody who is left has whole data of this cluster (newest record 2). Nothing empty is put in its place unasked.',
      '[2,["s1"],["i-0a01","i-0a02","i-0a03","i-0a04"]]',
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
    'Genesis 5: a majority started so the operator decides',
    aloneAfterTheFirst({
      silence: silenceOf([1, 2, 3, 4], [emptyReportOf(1)], { announcements: announcementsOf([2, 3]) }),
    }),
    wait(
      'Nobody who is left has whole data of this cluster (newest record 1). Nothing empty is put in its place unasked.',
      '[1,["s1"],["i-0a01","i-0a02","i-0a03","i-0a04"]]',
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
    'Genesis 5: a stamped node lifts its fence for its start',
    secondGenesis({
      disk: diskOf(1, {
        stamp: { cluster: CLUSTER, lineage: 2, id: 1 },
        data: dataOf(0, ZXID_ZERO, { acceptedEpoch: 4 }),
        marker: true,
        fence: { record: 1 },
      }),
    }),
    take({ kind: 'lift-fence', record: 2 }, 'This node is ready to start under record 2.'),
  ),
  row(
    'Genesis 5: an old node that is not fenced blocks the second first start',
    secondGenesis({ silence: silenceOf([1, 2, 3], [reportOf(1, { fenced: true }), reportOf(2, { fenced: true })]) }),
    wait('Before the first start under record 2 every old server must stand still: i-0a03 is not fenced.'),
  ),
  row(
    'Genesis 5: no majority ever started so a new genesis is written unasked',
    aloneAfterTheFirst({
      silence: silenceOf([1, 2, 3, 4], [emptyReportOf(1)], { announcements: announcementsOf([2]) }),
    }),
    take(
      {
        kind: 'propose-record',
        record: genesisOf([1], { number: 2, fenced: [instanceOf(1)], epochFloor: 65_536 }),
        relied: {},
        from: 's1',
      },
      'All 1 desired nodes have claimed an id: the first ensemble is 1. It asks the others.',
    ),
  ),
  row(
    'Genesis 5: the first start under a second genesis',
    secondGenesis(),
    take(
      {
        kind: 'prepare-genesis',
        record: genesisOf([1, 2, 3], {
          number: 2,
          fenced: [instanceOf(1), instanceOf(2), instanceOf(3)],
          epochFloor: 4,
        }),
        member: recordMember(1),
      },
      'This node is member 1 of the first ensemble of record 2.',
    ),
  ),
  row(
    'Genesis 5: the operator allows an empty ensemble',
    aloneAfterTheFirst({
      order: orderOf({ allowEmptyGenesis: true }),
      silence: silenceOf([1, 2, 3, 4], [emptyReportOf(1)], { announcements: announcementsOf([2, 3]) }),
    }),
    take(
      {
        kind: 'propose-record',
        record: genesisOf([1], { number: 2, fenced: [instanceOf(1)], epochFloor: 65_536 }),
        relied: {},
        from: 's1',
      },
      'All 1 desired nodes have claimed an id: the first ensemble is 1. It asks the others.',
    ),
  ),
  row(
    'Genesis 5: what the old record left is set aside',
    secondGenesis({
      disk: diskOf(1, {
        data: dataOf(0, ZXID_ZERO),
        ready: false,
        reported: true,
        freeShare: 0.6,
        fence: { record: 1 },
      }),
    }),
    take(
      { kind: 'set-data-aside', name: 'lineage-1-before-genesis-2' },
      'What is on the disk belongs to record 1, under which nothing was ever committed. It is renamed aside.',
    ),
  ),
  row(
    'Genesis 5: who announced its second start need not be fenced',
    secondGenesis({
      silence: silenceOf([1, 2, 3], [reportOf(1, { fenced: true }), reportOf(2, { fenced: true })], {
        announcements: announcementsOf([3], 2),
      }),
    }),
    take(
      {
        kind: 'prepare-genesis',
        record: genesisOf([1, 2, 3], {
          number: 2,
          fenced: [instanceOf(1), instanceOf(2), instanceOf(3)],
          epochFloor: 4,
        }),
        member: recordMember(1),
      },
      'This node is member 1 of the first ensemble of record 2.',
    ),
  ),
];
