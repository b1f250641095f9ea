// SPDX-License-Identifier: Apache-2.0
/** Data set aside counts for the record that it was written under, also where its stamp is lost or it is damaged. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../src/decide/decide.ts';
import { ownReport } from '../../src/decide/recover.ts';
import type { AsideFacts } from '../../src/model/disk.ts';
import { adviceOf } from '../../src/model/step.ts';
import { toZxid } from '../../src/model/zxid.ts';
import {
  dataOf,
  diskOf,
  forcedOf,
  genesisOf,
  instanceOf,
  recordMember,
  reportOf,
  sharedOf,
  silenceOf,
} from './parts.ts';
import { fencedSurvivor } from './situations.ts';

const FLOOR = 0x1_0002;
const RECORDS = [genesisOf([1, 2, 3]), forcedOf(recordMember(1), { epochFloor: FLOOR })];
const LATER = dataOf(FLOOR + 1, toZxid(BigInt(FLOOR + 1) << 32n));

const SOURCE: AsideFacts = { name: 'source-of-record-2', lineage: 1, data: dataOf(2, toZxid(0x200000008n)) };

/** Node 1 alone is left under record 2, with a copy of what record 2 began from, and other data set aside. */
function left(other: AsideFacts) {
  const { data: _, ...disk } = diskOf(1, {
    stamp: { cluster: 'orders-4f1c2a90', lineage: 2, id: 1 },
    fence: { record: 2 },
    reported: true,
    aside: [SOURCE, other],
  });
  const seen = fencedSurvivor({ disk, shared: sharedOf(RECORDS, [1, 2, 3]) });
  const newest = RECORDS.at(-1);
  assert.ok(newest);
  const report = ownReport(seen, newest);
  const found = { ...reportOf(1), report };
  const watch = { digest: JSON.stringify([2, ['s1'], [1, 2, 3].map(instanceOf)]), forMs: 25_000 };
  return { report, decision: decide({ ...seen, silence: silenceOf([1, 2, 3], [found]), watch }) };
}

test('data whose stamp is lost is ranked by the record whose leaders alone give such epochs', () => {
  const { report, decision } = left({ name: 'lineage-0-before-2', lineage: 0, data: LATER });
  assert.deepEqual(
    report.aside.map(({ name, lineage }) => [name, lineage]),
    [
      ['source-of-record-2', 1],
      ['lineage-0-before-2', 2],
    ],
  );
  assert.ok(decision.kind === 'step' && decision.step.kind === 'propose-record', decision.why);
  assert.deepEqual(decision.step.record.kind === 'forced' && decision.step.record.source, {
    lineage: 2,
    aside: 'lineage-0-before-2',
  });
  // At the floor itself nobody of record 2 can have given it.
  const { report: older } = left({ name: 'old', lineage: 0, data: dataOf(FLOOR, toZxid(9n)) });
  assert.equal(older.aside.at(-1)?.lineage, 1);
});

test('an owner that has set data of its record aside has founded, and reports like any other node', () => {
  const owns = (aside: readonly AsideFacts[]) => {
    const { data: _, stamp: __, ...disk } = diskOf(1, { aside: [SOURCE, ...aside] });
    const record = forcedOf(recordMember(1), { epochFloor: FLOOR, source: { lineage: 1, aside: SOURCE.name } });
    return decide(fencedSurvivor({ disk, shared: sharedOf([genesisOf([1, 2, 3]), record], [1, 2, 3]) }));
  };
  const founds = owns([]);
  assert.match(founds.why, /founds its ensemble behind its fence/);
  for (const lineage of [2, 0]) {
    const { why } = owns([{ name: 'later', lineage, data: { ...LATER, damage: 'A log is damaged.' } }]);
    assert.doesNotMatch(why, /founds/);
  }
});

test('damaged data of a later record waits for a person, also where it was set aside', () => {
  const { decision } = left({
    name: 'lineage-2-before-2',
    lineage: 2,
    data: { ...LATER, damage: 'A log is damaged.' },
  });
  assert.equal(decision.kind, 'wait');
  assert.match(
    decision.why,
    /has, or may have, newer data \(zxid 0001000300000000\).*It is damaged: A log is damaged\./,
  );
  assert.deepEqual(
    adviceOf(decision).map(({ action, path }) => [action, path]),
    [
      ['mend-data', 'aside/lineage-2-before-2'],
      ['move-data-away', 'aside/lineage-2-before-2'],
      ['start-instance', undefined],
      ['terminate-instance', undefined],
    ],
  );
});
