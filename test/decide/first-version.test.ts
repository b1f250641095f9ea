// SPDX-License-Identifier: Apache-2.0
/** The versions of the configs that agents write under a record (docs/protocol.md, Recovery 10). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { epochFloor } from '../../src/decide/rank.ts';
import { firstVersion, floorAbove, joinersVersion } from '../../src/model/first-version.ts';
import { epochOf, ZXID_ZERO } from '../../src/model/zxid.ts';
import { dataOf, reportOf } from './parts.ts';

test('under record 1, which follows nothing, there is no version', () => {
  assert.deepEqual([firstVersion({ epochFloor: 0 }), joinersVersion({ epochFloor: 0 })], [ZXID_ZERO, ZXID_ZERO]);
});

test('above every epoch up to the floor, and below all that the record’s own ensemble commits', () => {
  for (const floor of [1, 5, 0x1_0000, 0x7fff_0000]) {
    const [first, joiners] = [firstVersion({ epochFloor: floor }), joinersVersion({ epochFloor: floor })];
    const lastBelow = `${floor.toString(16).padStart(8, '0')}fffffffe`;
    const firstCommitted = `${(floor + 1).toString(16).padStart(8, '0')}00000001`;
    assert.ok(lastBelow < joiners && joiners < first && first < firstCommitted, `${floor}`);
    // A joiner's config is never taken for a committed one.
    assert.deepEqual([epochOf(joiners), epochOf(first)], [floor, floor + 1]);
  }
});

test('the floor leaves room for elections that nobody who is left knows of', () => {
  const heard = reportOf(1, { data: { ...dataOf(3, ZXID_ZERO), acceptedEpoch: 9 } }).report;
  assert.equal(epochFloor([heard], 4), 9 + 0x1_0000);
  assert.equal(epochFloor([], 4), 4 + 0x1_0000);
  // The server counts epochs with 31 bits.
  assert.equal(floorAbove(0x7ffe_ffff), 0x7fff_0000);
  assert.equal(floorAbove(0x7fff_0001), 0x7fff_0001);
});
