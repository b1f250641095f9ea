// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatheredBatch } from '../../src/client/gathered-batch.ts';

test('a batch waits only under load, while it is small, and while answers come', () => {
  const asked = (bytes: number, inFlight: number, answersCame = true): boolean => {
    const batch = new GatheredBatch();
    if (answersCame) batch.answersCame();
    return batch.waits(bytes, inFlight);
  };
  assert.equal(asked(100, 1_000), true);
  assert.equal(asked(100, 1), false, 'one call at a time');
  assert.equal(asked(100_000, 1_000), false, 'a large batch');
  assert.equal(asked(100, 1_000, false), false, 'no answer in this turn');
});

test('a batch waits four turns at most, and not after a turn without an answer', () => {
  const batch = new GatheredBatch();
  const turn = (answersCame: boolean): boolean => {
    if (answersCame) batch.answersCame();
    return batch.waits(100, 1_000);
  };
  assert.deepEqual([true, true, true, true, true, true].map(turn), [true, true, true, true, false, true]);
  assert.equal(turn(false), false);
  assert.deepEqual([true, false].map(turn), [true, false]);
});
