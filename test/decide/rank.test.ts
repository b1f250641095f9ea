// SPDX-License-Identifier: Apache-2.0
/** Recovery 5: which data is the best, and what may be better. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aheadOf, bestCandidate } from '../../src/decide/rank.ts';
import type { DataFacts } from '../../src/model/disk.ts';
import { toZxid } from '../../src/model/zxid.ts';
import { dataOf, instanceOf, reportOf } from './parts.ts';

function best(one: DataFacts, other: DataFacts): string | undefined {
  const reports = [one, other].map((data, index) => reportOf(index + 1, { fenced: true, data }).report);
  return bestCandidate(reports)?.instance;
}

test('Recovery 5: a follower of the later leader is better than a longer log that this leader had cut', () => {
  // Both logs end in epoch 1; only node 1 has followed the leader of epoch 2, which has committed nothing yet.
  const followed = dataOf(2, toZxid(0x100000042n));
  const longer = dataOf(1, toZxid(0x1000000ffn));
  assert.equal(best(followed, longer), instanceOf(1));
  assert.equal(best(longer, followed), instanceOf(2));
});

test('Recovery 5: damaged data of a later record may hold more than all others, whatever is still to be read of it', () => {
  const whole = reportOf(1, { fenced: true }).report;
  const candidate = bestCandidate([whole]);
  assert.ok(candidate);
  const ahead = (lineage: number) => {
    const data = dataOf(1, toZxid(0x100000001n), { damage: 'torn' });
    return aheadOf(candidate, [whole, reportOf(2, { fenced: true, lineage, data }).report])?.report.instance;
  };
  assert.equal(ahead(2), instanceOf(2));
  assert.equal(ahead(1), undefined);
});

test('Files 2: half of a sync under an unreadable stamp may hold more than older data that was set aside', () => {
  // The leader was alone, has sent all that it had, and is gone; the follower had not written the epoch yet.
  const unreadable = [{ what: 'stamp', file: '/var/lib/stamp', why: 'it is empty' }] as const;
  const ahead = (synced: bigint) => {
    const data = dataOf(0, toZxid(synced), { damage: 'The current epoch is older than the epoch of the last zxid.' });
    const aside = [{ name: 'before', lineage: 1, data: dataOf(1, toZxid(0x10000000dn)) }];
    const { report } = reportOf(1, { fenced: true, lineage: undefined, data, aside, unreadable });
    const best = bestCandidate([report]);
    assert.equal(best?.aside, 'before');
    return aheadOf(best, [report])?.file;
  };
  assert.equal(ahead(0x100000025n), '/var/lib/stamp');
  assert.equal(ahead(0x10000000dn), undefined);
});

test('Recovery 7: damaged data set aside of the same record blocks while its node has not synced again', () => {
  const damaged = { name: 'before', lineage: 1, data: dataOf(1, toZxid(0x100000025n), { damage: 'torn' }) };
  const other = reportOf(2, { fenced: true, data: dataOf(1, toZxid(0x10000000dn)) }).report;
  const best = bestCandidate([other]);
  assert.ok(best);
  const directory = (data: DataFacts | undefined, aside = damaged) => {
    const { report } = reportOf(1, { fenced: true, lineage: data && 1, data, aside: [aside] });
    return aheadOf(best, [other, report])?.directory;
  };
  assert.equal(directory(undefined), 'aside/before');
  const synced = dataOf(1, toZxid(0x10000000cn));
  assert.equal(directory(synced), undefined);
  const behind = { ...damaged, data: { ...damaged.data, lastZxid: toZxid(0x10000000cn) } };
  assert.equal(directory(undefined, behind), undefined);
  assert.equal(directory(undefined, { ...behind, data: { ...behind.data, mayHoldMore: true } }), 'aside/before');
});

test('Genesis 5: data of epoch 0 is nothing to recover from, whatever its log holds: no leader has committed it', () => {
  const data = dataOf(0, toZxid(5n));
  assert.equal(bestCandidate([reportOf(1, { fenced: true, data }).report]), undefined);
  assert.notEqual(bestCandidate([reportOf(1, { fenced: true, data: { ...data, currentEpoch: 1 } }).report]), undefined);
});
