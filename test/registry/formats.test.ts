// SPDX-License-Identifier: Apache-2.0
/**
 * What a newer release has written is unknown, its key named; what an older one has written, without any format, is
 * read.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AgentError } from '../../src/errors.ts';
import { FORMATS, type Formatted, whyNotUnderstood } from '../../src/model/formats.ts';
import type { Claim } from '../../src/model/records.ts';
import { readClaims } from '../../src/registry/claims.ts';
import { noteDead, notesAmong } from '../../src/registry/dead.ts';
import { goneAmong } from '../../src/registry/gone.ts';
import { createOutcome, outcomesAmong, readAnnouncements, readRecords } from '../../src/registry/lineage.ts';
import { bindReport, readReports, writeReport } from '../../src/registry/reports.ts';
import { MemoryShelf } from '../act/memory-shelf.ts';
import { claimOf, forcedOf, genesisOf, recordMember, reportOf } from '../decide/parts.ts';

const signal = new AbortController().signal;
const OUTCOME = 'lineage/000002/outcomes/p1.json';

const GONE = 'lineage/000001/gone/201-at-10.0.0.9-n1.json';

interface Kind {
  readonly key: string;
  readonly fields: object;
  /** What reading gives; it rejects where nothing that depends on it may go on. */
  read(shelf: MemoryShelf): Promise<unknown>;
}

function claimsIn(shelf: MemoryShelf): Promise<readonly Claim[]> {
  const sources = { listing: shelf.objects.list('', signal), self: { instance: 'i-0a09', ids: [] } };
  return readClaims(shelf, sources, signal);
}

const KINDS: Readonly<Record<Exclude<Formatted, 'stamp' | 'fence' | 'note'>, Kind>> = {
  claim: {
    key: 'claims/1.1.json',
    fields: claimOf(1).owner as object,
    read: (shelf) => claimsIn(shelf).then(([claim]) => claim?.owner),
  },
  record: {
    key: 'lineage/000001.json',
    fields: genesisOf([1, 2, 3]),
    read: (shelf) => readRecords(shelf.objects, signal).then(([record]) => record),
  },
  outcome: {
    key: OUTCOME,
    fields: { kind: 'founded', proposal: 'p1', record: forcedOf(recordMember(1)) },
    read: (shelf) => outcomesAmong(shelf.objects, [OUTCOME], 2, signal).then(([outcome]) => outcome),
  },
  announcement: {
    key: 'lineage/000001/started/1.json',
    fields: { record: 1, id: 1, nonce: 'abc' },
    read: (shelf) => readAnnouncements(shelf.objects, [genesisOf([1])], signal).then(([first]) => first),
  },
  gone: {
    key: GONE,
    fields: { record: 1, id: 201, address: '10.0.0.9', epoch: 3, left: ['i-0a01'] },
    read: (shelf) => goneAmong(shelf.objects, [GONE], 1, signal).then(([word]) => word),
  },
  death: {
    key: 'dead/i-0a01',
    fields: {},
    read: async (shelf) => {
      const { dead, unreadable } = await notesAmong(shelf.objects, await shelf.objects.list('', signal), signal);
      for (const { key, why } of unreadable) throw new AgentError('BAD_OBJECT', `${key}: ${why}`, 'Look.');
      return dead[0] === 'i-0a01' ? {} : 'nobody';
    },
  },
  report: {
    key: `reports/${reportOf(1).report.instance}.json`,
    fields: { serial: 's1', report: reportOf(1).report },
    read: (shelf) =>
      readReports(shelf.objects, signal).then(({ reports, unreadable: [unreadable] }) => {
        if (unreadable) throw new AgentError('BAD_OBJECT', `${unreadable.key}: ${unreadable.why}`, 'Look.');
        return { serial: reports[0]?.serial, report: reports[0]?.report };
      }),
  },
};

for (const [kind, { key, fields, read }] of Object.entries(KINDS)) {
  test(`a ${kind} without a format, of the release before, is read`, async () => {
    const shelf = new MemoryShelf();
    shelf.put(key, fields);
    assert.deepEqual(await read(shelf), fields);
  });

  test(`a ${kind} of this release is read, and a field that it does not know stands in no one's way`, async () => {
    const shelf = new MemoryShelf();
    shelf.put(key, { format: FORMATS[kind as Formatted], ...fields, later: true });
    assert.partialDeepStrictEqual(await read(shelf), fields);
  });

  test(`a ${kind} of a newer release is unknown, and its key is named`, async () => {
    const shelf = new MemoryShelf();
    shelf.put(key, { format: FORMATS[kind as Formatted] + 1, ...fields });
    // A claim that can't be understood is somebody's: its id is not free, and nobody else's life is told by it.
    if (kind === 'claim') {
      const [claim] = await claimsIn(shelf);
      assert.equal(claim?.owner, 'unreadable');
      return assert.match(claim?.why ?? '', /newer release/);
    }
    await assert.rejects(read(shelf), ({ message }: Error) => message.includes(key) && /newer release/.test(message));
  });
}

test('a format that is no number is not understood', () => {
  for (const format of ['2', 0, 1.5, null]) assert.match(whyNotUnderstood('record', { format }) ?? '', /no number/);
});

/** What has a record inside of it, and how that record is read there. */
const FORCED = forcedOf(recordMember(1));
const { report: PROPOSERS } = reportOf(1);
const ENVELOPES: Readonly<Record<'outcome' | 'report', (format?: number) => object>> = {
  outcome: (format) => ({ kind: 'founded', proposal: 'p1', record: { ...formatted(format), ...FORCED } }),
  report: (format) => ({
    serial: 's1',
    report: PROPOSERS,
    binds: { kind: 'proposes', record: { ...formatted(format), ...FORCED }, relied: {} },
  }),
};

function formatted(format: number | undefined): object {
  return format === undefined ? {} : { format };
}

for (const kind of ['outcome', 'report'] as const) {
  const { key, read } = KINDS[kind];
  const put = (format?: number): MemoryShelf => {
    const shelf = new MemoryShelf();
    shelf.put(key, { format: FORMATS[kind], ...ENVELOPES[kind](format) });
    return shelf;
  };

  test(`a newer record inside of an older ${kind} is unknown, and the key is named`, async () => {
    await assert.rejects(
      read(put(FORMATS.record + 1)),
      ({ message }: Error) => message.includes(key) && /the record in it .* newer release/.test(message),
    );
  });

  test(`a record inside of ${kind} is the same with its format and without`, async () => {
    assert.deepEqual(await read(put(FORMATS.record)), await read(put()));
  });
}

test('a record inside of an outcome or of a proposal is written with its format, and read without', async () => {
  const shelf = new MemoryShelf();
  const unbound = async (): Promise<void> => {};
  const { instance } = PROPOSERS;
  await createOutcome(shelf.objects, { kind: 'founded', proposal: 'p1', record: FORCED }, signal);
  await writeReport(shelf.objects, { report: PROPOSERS, serial: 's1' }, unbound, signal);
  const binds = { kind: 'proposes', record: FORCED, relied: {} } as const;
  const bind = { instance, from: 's1', serial: 's2', binds };
  assert.equal(await bindReport(shelf.objects, bind, unbound, signal), 'written');
  const bodies = shelf.bodies() as Record<string, { record?: object; binds?: { record: object } }>;
  const inside = { format: FORMATS.record, ...FORCED };
  assert.deepEqual(bodies[OUTCOME]?.record, inside);
  assert.deepEqual(bodies[KINDS.report.key]?.binds?.record, inside);
  assert.deepEqual((await readReports(shelf.objects, signal)).reports[0]?.binds, binds);
  // The same proposal once more, as after a lost answer, finds itself.
  await readReports(shelf.objects, signal);
  assert.equal(await bindReport(shelf.objects, bind, unbound, signal), 'written');
});

test('an unknown field of a report is kept when its node binds itself', async () => {
  const shelf = new MemoryShelf();
  shelf.put(KINDS.report.key, { format: FORMATS.report, serial: 's1', later: 1, report: { ...PROPOSERS, later: 2 } });
  const binds = { kind: 'answers', record: 2, proposer: 'i-0a02', proposal: 'p1' } as const;
  const bind = { instance: PROPOSERS.instance, from: 's1', serial: 's2', binds };
  assert.equal(await bindReport(shelf.objects, bind, async () => {}, signal), 'written');
  assert.partialDeepStrictEqual(shelf.bodies()[KINDS.report.key], { later: 1, report: { later: 2 }, binds });
});

test('notes with the same etag are read once, and one that changed since the list proves nothing', async () => {
  const shelf = new MemoryShelf();
  for (const instance of ['i-0a01', 'i-0a02', 'i-0a03']) await noteDead(shelf.objects, instance, signal);
  const listed = (await shelf.objects.list('dead/', signal)).map((entry) => ({ ...entry, etag: 'one' }));
  const calls: string[] = [];
  shelf.before = (call) => calls.push(call);
  const changed = await notesAmong(shelf.objects, listed, signal);
  assert.deepEqual([changed.dead, changed.unreadable.length], [[], 3]);
  for (const { key } of listed) shelf.objectsByKey.set(key, { body: '{"format":1}', etag: 'one' });
  assert.deepEqual(await notesAmong(shelf.objects, listed, signal), {
    dead: ['i-0a01', 'i-0a02', 'i-0a03'],
    unreadable: [],
  });
  assert.equal(calls.length, 2);
  await notesAmong(shelf.objects, listed, signal);
  assert.equal(calls.length, 2);
});
