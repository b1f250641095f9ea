// SPDX-License-Identifier: Apache-2.0
/** The versions of the configs that agents write under a record (docs/protocol.md, Recovery 10). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { epochFloor } from '../../src/decide/rank.ts';
import { firstVersion, floorAbove, joinersVersion } from '../../src/model/first-version.ts';
import { epochOf, toZxid, ZXID_ZERO } from '../../src/model/zxid.ts';
import { dataOf, reportOf } from './parts.ts';

test('under record 1, which follows nothing, the first config has no version', () => {
  assert.equal(firstVersion({ epochFloor: 0 }), ZXID_ZERO);
});

test('above every epoch up to the floor, and below all that the record’s own ensemble commits', () => {
  for (const floor of [1, 5, 0x1_0000, 0x7fff_0000]) {
    const first = firstVersion({ epochFloor: floor });
    const joiners = joinersVersion(first);
    const lastBelow = `${floor.toString(16).padStart(8, '0')}fffffffe`;
    const firstCommitted = `${(floor + 1).toString(16).padStart(8, '0')}00000001`;
    assert.ok(lastBelow < joiners && joiners < first && first < firstCommitted, `${floor}`);
    // While the first config counts, a joiner's file is not taken for a committed one.
    assert.deepEqual([epochOf(joiners), epochOf(first)], [floor, floor + 1]);
  }
});

test('a joiner’s version is right below the committed one', () => {
  assert.equal(joinersVersion(toZxid(0x200000005n)), toZxid(0x200000004n));
  assert.equal(joinersVersion(toZxid(0x100000000n)), toZxid(0xffffffffn));
  assert.equal(joinersVersion(ZXID_ZERO), ZXID_ZERO);
});

test('the floor leaves room for elections that nobody who is left knows of', () => {
  const heard = reportOf(1, { data: { ...dataOf(3, ZXID_ZERO), acceptedEpoch: 9 } }).report;
  assert.equal(epochFloor([heard], 4), 9 + 0x1_0000);
  assert.equal(epochFloor([], 4), 4 + 0x1_0000);
  // The server counts epochs with 31 bits.
  assert.equal(floorAbove(0x7ffe_ffff), 0x7fff_0000);
  assert.equal(floorAbove(0x7fff_0001), 0x7fff_0001);
});
