// SPDX-License-Identifier: Apache-2.0
/** What a node does of whose files one can't be read (Files 2 and 3), and what a person is told of it (Advice 4). */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decide } from '../../src/decide/decide.ts';
import type { DiskFacts, NodeFile } from '../../src/model/disk.ts';
import { UNREADABLE_FENCE } from '../../src/model/disk.ts';
import type { Observation } from '../../src/model/observation.ts';
import type { Decision } from '../../src/model/step.ts';
import { toZxid } from '../../src/model/zxid.ts';
import {
  addressOf,
  dataOf,
  diskOf,
  EMPTY_DISK,
  ensembleOf,
  forcedOf,
  genesisOf,
  instanceOf,
  livesOf,
  member,
  recordMember,
  reportOf,
  sharedOf,
  silenceOf,
} from './parts.ts';
import { healthy } from './situations.ts';

const STOPPED: Observation['server'] = { upMs: undefined, answer: { kind: 'silent', why: 'Nobody listens.' } };
const LOOKING: Observation['server'] = { upMs: 600_000, answer: { kind: 'not-serving' } };

/** Without these facts, which stand in files that can't be understood. */
function torn(what: readonly NodeFile[], change: Partial<DiskFacts> = {}): DiskFacts {
  const disk: Record<string, unknown> = { ...diskOf(1, { freeShare: 0.5, ...change }) };
  for (const each of what) delete disk[each];
  const unreadable = what.map((each) => ({ what: each, file: `/d/${each}`, why: 'it is empty' }));
  return { ...(disk as unknown as DiskFacts), unreadable };
}

function kindOf(decision: Decision): string {
  return decision.kind === 'step' ? decision.step.kind : decision.kind;
}

function decided(change: Partial<Observation>): string {
  return kindOf(decide(healthy(change)));
}

describe('a file that can not be read, beside an ensemble that serves', () => {
  it('a serving voter gets id, stamp and config anew without a stop', () => {
    for (const what of ['id', 'stamp', 'config'] as const) {
      const decision = decide(healthy({ disk: torn([what]) }));
      assert.ok(decision.kind === 'step' && decision.step.kind === 'mend-files', `${what}: ${decision.why}`);
      assert.deepEqual([decision.step.id, decision.step.lineage], [1, 1]);
    }
    assert.equal(decided({ disk: torn(['id', 'stamp', 'config']) }), 'mend-files');
  });

  it('no id is free for a newcomer whose proposed config can not be read: any may stand in it', () => {
    const newcomer = {
      server: STOPPED,
      shared: sharedOf([genesisOf([1, 2, 3])], [2, 3]),
      ensemble: ensembleOf([2, 3]),
    };
    assert.equal(decided({ ...newcomer, disk: EMPTY_DISK }), 'claim-id');
    const pending = { what: 'pending', file: '/d/pending', why: 'it is empty' } as const;
    assert.equal(decided({ ...newcomer, disk: { ...EMPTY_DISK, unreadable: [pending] } }), 'wait');
  });

  it('nothing is mended for a node that the config does not list, or behind a fence', () => {
    assert.notEqual(
      decided({ disk: torn(['stamp']), self: { ...healthy().self, address: addressOf(9) } }),
      'mend-files',
    );
    assert.notEqual(decided({ disk: torn(['stamp'], { fence: { record: 1 } }) }), 'mend-files');
    assert.equal(decided({ disk: torn(['nonce']) }), 'done');
  });

  it('a stopped node gets its id from the claim, and a fresh config', () => {
    assert.equal(decided({ server: STOPPED, disk: torn(['id']) }), 'write-id');
    assert.equal(decided({ server: STOPPED, disk: torn(['config']) }), 'prepare-join');
    assert.equal(decided({ server: STOPPED, disk: torn(['pending']) }), 'prepare-join');
    const cut = { version: diskOf(1).config?.version ?? '', members: [member(1)] };
    assert.equal(decided({ server: STOPPED, disk: diskOf(1, { config: cut }) }), 'prepare-join');
  });

  it('data without its stamp is used where epoch, own config and committed config say whose it is', () => {
    const decision = decide(healthy({ server: STOPPED, disk: torn(['stamp']) }));
    assert.ok(decision.kind === 'step' && decision.step.kind === 'prepare-join', decision.why);
    assert.equal(decision.step.members.find(({ id }) => id === 1)?.role, 'participant');
    assert.equal(decided({ server: STOPPED, disk: torn(['stamp', 'config']) }), 'set-data-aside');
    assert.equal(
      decided({ server: STOPPED, disk: torn(['stamp'], { data: dataOf(0, toZxid(0n)) }) }),
      'set-data-aside',
    );
  });

  it('a stamp of a newer release is left as it is, and so are data and server', () => {
    const disk = torn(['stamp']);
    const [stamp] = disk.unreadable ?? [];
    assert.ok(stamp);
    const newer: DiskFacts = { ...disk, unreadable: [{ ...stamp, newer: true }] };
    const older = { ...newer, data: dataOf(0, toZxid(0n)) };
    for (const change of [{ disk: newer }, { server: STOPPED, disk: newer }, { server: STOPPED, disk: older }]) {
      const decision = decide(healthy(change));
      assert.ok(decision.kind === 'wait', decision.why);
      assert.deepEqual(
        decision.advice?.map(({ action, path }) => `${action} ${path}`),
        ['run-newer-release /d/stamp'],
      );
    }
  });

  it('of an older record it is set aside', () => {
    const records = [forcedOf(recordMember(2), { epochFloor: 5 })];
    const ensemble = { ...healthy().ensemble, epoch: 6 } as Observation['ensemble'];
    const shared = sharedOf(records, [1, 2, 3]);
    assert.equal(decided({ server: STOPPED, shared, ensemble, disk: torn(['stamp']) }), 'set-data-aside');
  });

  it('without a claim of this node the data is left alone', () => {
    const shared = sharedOf(
      healthy().shared.known ? (healthy().shared as never as { value: { records: [] } }).value.records : [],
      [2, 3],
    );
    assert.equal(decided({ server: STOPPED, shared, disk: torn(['stamp']) }), 'refuse');
  });

  it('a stamp that is gone counts as one that can not be read, where the same disk says whose the data is', () => {
    const { stamp: _, ...disk } = diskOf(1, { freeShare: 0.5 });
    assert.equal(decided({ server: STOPPED, disk }), 'prepare-join');
    const older = { ...disk, data: dataOf(0, toZxid(0n), { damage: 'A log is damaged.' }) };
    assert.equal(decided({ server: STOPPED, disk: older }), 'set-data-aside');
    const { config: __, ...withoutConfig } = disk;
    for (const foreign of [{ ...disk, ready: false }, { ...disk, id: 2 }, withoutConfig]) {
      assert.notEqual(decided({ server: STOPPED, disk: foreign }), 'prepare-join');
    }
    assert.equal(decided({ server: STOPPED, disk: { ...disk, ready: false } }), 'refuse');
    const others = sharedOf(
      healthy().shared.known ? (healthy().shared as never as { value: { records: [] } }).value.records : [],
      [2, 3],
    );
    assert.equal(decided({ server: STOPPED, disk, shared: others }), 'refuse', 'no claim of this instance');
  });

  it('a fence that can not be read is lifted like any other', () => {
    assert.equal(decided({ server: STOPPED, disk: diskOf(1, { fence: UNREADABLE_FENCE }) }), 'lift-fence');
  });
});

describe('the owner of a forced record whose stamp can not be read', () => {
  const record = forcedOf(recordMember(1), { epochFloor: 5, source: { lineage: 1, aside: 'source-of-record-2' } });
  const copy = { name: 'source-of-record-2', lineage: 1, data: dataOf(4, toZxid(0x400000001n)) };
  const owner = (epoch: number, what: readonly NodeFile[] = ['stamp']) => {
    const data = dataOf(epoch, toZxid(BigInt(epoch) << 32n));
    return decide(
      alone({
        shared: sharedOf([genesisOf([1, 2, 3]), record], [1, 2, 3]),
        lives: { ...livesOf([1]), ...livesOf([2, 3], 'gone') },
        disk: torn(what, { fence: { record: 1 }, aside: [copy], data }),
      }),
    );
  };

  it('does not found again on data that a leader of the record may have had', () => {
    assert.notEqual(kindOf(owner(6)), 'found-forced');
    assert.notEqual(kindOf(owner(6, ['stamp', 'data' as NodeFile])), 'found-forced', 'nor where the data is gone');
  });

  it('founds on data that no leader of the record has ever had', () => {
    assert.equal(kindOf(owner(5)), 'found-forced');
  });

  it('is not waited for by the others: a person mends the stamp', () => {
    const report = reportOf(1, { record: 2, fenced: true, canVote: false, aside: [copy], data: dataOf(6, toZxid(6n)) });
    const { lineage: _, ...rest } = report.report;
    const unreadable = [{ what: 'stamp' as const, file: '/d/stamp', why: 'it is empty' }];
    const heard = { ...report, report: { ...rest, unreadable } };
    const own = reportOf(4, { record: 2, fenced: true, canVote: false });
    const decision = decide(
      alone({
        self: { ...healthy().self, instance: instanceOf(4), address: addressOf(4) },
        shared: sharedOf([genesisOf([1, 2, 3]), record], [1, 2, 3, 4]),
        lives: { ...livesOf([1, 4]), ...livesOf([2, 3], 'gone') },
        disk: diskOf(4, { fence: { record: 2 }, reported: true }),
        silence: silenceOf([1, 4], [heard, own]),
      }),
    );
    assert.doesNotMatch(decision.why, /belongs to/);
  });
});

function alone(change: Partial<Observation>): Observation {
  return healthy({ ensemble: undefined, server: STOPPED, silence: silenceOf([1, 2, 3], []), ...change });
}

describe('a file that can not be read, while no ensemble serves', () => {
  it('the node does not start, fences, and says why it can not vote', () => {
    for (const what of ['stamp', 'config', 'pending'] as const) {
      const first = decide(alone({ disk: torn([what]) }));
      assert.equal(kindOf(first), 'raise-fence', what);
      const second = decide(alone({ disk: torn([what], { fence: { record: 1 } }) }));
      assert.ok(second.kind === 'step' && second.step.kind === 'write-report', `${what}: ${second.why}`);
      const { report } = second.step;
      assert.deepEqual([report.canVote, report.fenced], [false, true]);
      assert.match(report.obstacle ?? '', new RegExp(`/d/${what}`));
      assert.deepEqual(
        report.unreadable?.map((file) => file.what),
        [what],
      );
      assert.deepEqual(report.data, diskOf(1).data, 'its data is told all the same');
    }
  });

  it('a stamp that can not be read keeps a node without data from a second first start', () => {
    const { data: _, ...bare } = torn(['stamp']);
    const { stamp: __, data: ___, ...first } = diskOf(1, { ready: false });
    assert.equal(decided({ ...alone({}), disk: first }), 'prepare-genesis', 'the same node before its first start');
    assert.notEqual(decided({ ...alone({}), disk: bare }), 'prepare-genesis');
  });

  it('a node whose first start is over has no second one, whatever its disk lacks', () => {
    const { stamp: _, data: __, ...bare } = diskOf(1);
    assert.equal(bare.ready, true);
    assert.notEqual(decided({ ...alone({}), disk: bare }), 'prepare-genesis');
  });

  it('a stamp that is gone is told in the report, so that nobody recovers from less', () => {
    const { stamp: _, ...disk } = diskOf(1);
    assert.equal(kindOf(decide(alone({ disk }))), 'raise-fence');
    const told = decide(alone({ disk: { ...disk, fence: { record: 1 } } }));
    assert.ok(told.kind === 'step' && told.step.kind === 'write-report', told.why);
    const { canVote, unreadable, data } = told.step.report;
    assert.deepEqual([canVote, data], [false, diskOf(1).data]);
    assert.deepEqual(
      unreadable?.map(({ what }) => what),
      ['stamp'],
    );
  });

  it('without any config the node can not vote either', () => {
    const { config, ...disk } = diskOf(1);
    assert.equal(kindOf(decide(alone({ disk }))), 'raise-fence');
  });

  it('a server that runs has read its files before, and is left its vote', () => {
    for (const what of ['id', 'config', 'pending'] as const) {
      const decision = decide(alone({ server: LOOKING, disk: torn([what]) }));
      assert.ok(decision.kind === 'step' && decision.step.kind === 'write-report', `${what}: ${decision.why}`);
      assert.equal(decision.step.report.canVote, true);
      assert.equal(decision.step.report.id, 1, what);
    }
  });

  it('a leaving node with data of an unknown stamp answers no hook', () => {
    const leaving = { known: true, value: 'Terminated' } as const;
    assert.equal(kindOf(decide(alone({ targetState: leaving, disk: torn(['stamp']) }))), 'raise-fence');
  });
});

describe('a recovery', () => {
  const behind = reportOf(1, { fenced: true, data: dataOf(1, toZxid(0x100000040n)) });
  const lost = (other: ReturnType<typeof reportOf>): Decision =>
    decide(
      alone({
        disk: diskOf(1, { fence: { record: 1 }, reported: true, data: behind.report.data as never }),
        lives: { ...livesOf([1, 2]), [instanceOf(3)]: 'gone' },
        silence: silenceOf([1, 2, 3], [behind, other]),
      }),
    );

  it('is held up by data whose stamp can not be read and that may hold more', () => {
    const { lineage, ...rest } = reportOf(2, { fenced: true, canVote: false }).report;
    const unreadable = [{ what: 'stamp', file: '/d/stamp.json', why: 'it is empty' }] as const;
    const decision = lost({ ...reportOf(2), report: { ...rest, unreadable } });
    assert.match(decision.why, /i-0a02 has, or may have, newer data .*stamp.json can't be understood/);
    const less = { ...rest, unreadable, data: dataOf(1, toZxid(0x100000030n)) };
    assert.doesNotMatch(lost({ ...reportOf(2), report: less }).why, /newer data/);
  });

  it('is held up by damage that hides the end of the data', () => {
    const data = dataOf(1, toZxid(0x100000001n), { damage: 'A log is damaged.', mayHoldMore: true });
    const report = reportOf(2, { fenced: true, canVote: false, data });
    assert.match(lost(report).why, /i-0a02 has, or may have, newer data .*It is damaged/);
    const known = { ...data, mayHoldMore: false };
    assert.doesNotMatch(lost(reportOf(2, { fenced: true, canVote: false, data: known })).why, /newer data/);
  });
});
