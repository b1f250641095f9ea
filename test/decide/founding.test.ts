// SPDX-License-Identifier: Apache-2.0
/** Recovery 6: which reports of those whom a record names tell its owner that they still stand still. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../src/decide/decide.ts';
import type { FoundReport } from '../../src/model/records.ts';
import type { Decision } from '../../src/model/step.ts';
import {
  CLUSTER,
  diskOf,
  forcedOf,
  genesisOf,
  groupOf,
  instanceOf,
  livesOf,
  recordMember,
  reportOf,
  sharedOf,
  silenceOf,
} from './parts.ts';
import { fencedSurvivor } from './situations.ts';

/** Node 1 owns record 3, which names node 2 as well, and this is what node 2 has reported. */
function owner(other: FoundReport): Decision {
  const second = forcedOf(recordMember(1));
  const third = forcedOf(recordMember(1), { number: 3, fenced: [1, 2].map(instanceOf), source: { lineage: 2 } });
  const stamp = { cluster: CLUSTER, lineage: 2, id: 1 };
  const own = reportOf(1, { fenced: true, record: 2, lineage: 2 });
  return decide(
    fencedSurvivor({
      disk: diskOf(1, { reported: true, fence: { record: 2 }, stamp }),
      shared: sharedOf([genesisOf([1, 2, 3]), second, third], [1, 2, 3]),
      group: groupOf([1, 2]),
      lives: { ...livesOf([1, 2]), ...livesOf([3], 'gone') },
      silence: silenceOf([1, 2, 3], [own, other]),
    }),
  );
}

const ROWS: readonly (readonly [string, FoundReport, boolean])[] = [
  ['for the record before, which it was fenced for', reportOf(2, { fenced: true, record: 2 }), true],
  ['for the new record, once it has seen that', reportOf(2, { fenced: true, record: 3 }), true],
  ['for the record before, and not fenced', reportOf(2, { fenced: false, record: 2 }), false],
  ['for a record before that one, of which nobody knows what came after it', reportOf(2, { fenced: true }), false],
];

for (const [name, report, founds] of ROWS) {
  test(`Recovery 6: the owner ${founds ? 'founds' : 'waits'} where another one has reported ${name}`, () => {
    const decision = owner(report);
    assert.equal(decision.kind === 'step' && decision.step.kind === 'found-forced', founds, JSON.stringify(decision));
  });
}
