// SPDX-License-Identifier: Apache-2.0
/** What a newer release has written is unknown, its key named; what an older one has written, without any format, is read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AgentError } from '../../src/errors.ts';
import { FORMATS, type Formatted, whyNotUnderstood } from '../../src/model/formats.ts';
import { readClaims } from '../../src/registry/claims.ts';
import { goneAmong } from '../../src/registry/gone.ts';
import { outcomesAmong, readAnnouncements, readRecords } from '../../src/registry/lineage.ts';
import { readReports } from '../../src/registry/reports.ts';
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

const KINDS: Readonly<Record<Exclude<Formatted, 'stamp' | 'death'>, Kind>> = {
  claim: {
    key: 'claims/1.1.json',
    fields: claimOf(1).owner as object,
    read: (shelf) =>
      readClaims(
        shelf,
        { listing: shelf.objects.list('', signal), self: { instance: 'i-0a09', ids: [] } },
        signal,
      ).then((claims) => claims[0]?.owner),
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
    if (kind === 'claim') return assert.equal(await read(shelf), 'unreadable');
    await assert.rejects(read(shelf), ({ message }: Error) => message.includes(key) && /newer release/.test(message));
  });
}

test('a format that is no number is not understood', () => {
  for (const format of ['2', 0, 1.5, null]) assert.match(whyNotUnderstood('record', { format }) ?? '', /no number/);
});
