// SPDX-License-Identifier: Apache-2.0
/** What else is asked of a server that runs beside an ensemble and does not say that it serves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Idleness } from '../../src/observe/idleness.ts';
import { latelyOf } from '../../src/observe/lately.ts';
import { diskOf } from '../decide/parts.ts';

test('a process is idle from the moment on at which it was last seen to work', () => {
  const idleness = new Idleness();
  assert.equal(idleness.forMs({ cpuMs: 5_000, bytes: 0 }, 1_000), 0, 'one look tells nothing');
  assert.equal(idleness.forMs({ cpuMs: 5_100, bytes: 0 }, 2_000), 1_000, 'a tenth of a processor is no work');
  assert.equal(idleness.forMs({ cpuMs: 5_600, bytes: 0 }, 3_000), 0, 'half of one is');
  assert.equal(idleness.forMs({ cpuMs: 5_650, bytes: 4_000_000 }, 4_000), 0, 'so is what it reads and writes');
  assert.equal(idleness.forMs({ cpuMs: 5_700, bytes: 4_010_000 }, 9_000), 5_000);
});

test('two looks that follow each other at once do not make a process idle or busy', () => {
  const idleness = new Idleness();
  idleness.forMs({ cpuMs: 0, bytes: 0 }, 0);
  idleness.forMs({ cpuMs: 10, bytes: 0 }, 20);
  assert.equal(idleness.forMs({ cpuMs: 20, bytes: 0 }, 1_000), 1_000);
});

test('two looks with more than half a minute between them tell nothing: the machine may have stood still', () => {
  const idleness = new Idleness();
  idleness.forMs({ cpuMs: 0, bytes: 0 }, 0);
  assert.equal(idleness.forMs({ cpuMs: 10, bytes: 0 }, 30_000), 30_000);
  assert.equal(idleness.forMs({ cpuMs: 20, bytes: 0 }, 61_000), 0);
  assert.equal(idleness.forMs({ cpuMs: 30, bytes: 0 }, 71_000), 10_000);
});

test('another process begins anew, and one that can’t be read is never idle', () => {
  const idleness = new Idleness();
  idleness.forMs({ cpuMs: 9_000, bytes: 0 }, 0);
  idleness.forMs({ cpuMs: 9_000, bytes: 0 }, 10_000);
  assert.equal(idleness.forMs({ cpuMs: 100, bytes: 0 }, 20_000), 0);
  assert.equal(idleness.forMs(undefined, 40_000), 0);
});

test('what was done lately is counted by the wall clock, also when that was set', () => {
  const HOUR_MS = 3_600_000;
  const nowMs = 1_700_000_000_000;
  const occasions = {
    'set-aside': [nowMs - 2 * HOUR_MS, nowMs - 60_000, nowMs + 60_000, nowMs + 2 * HOUR_MS],
    'fresh-config': [nowMs - 7 * HOUR_MS, nowMs - 5 * HOUR_MS],
  };
  assert.deepEqual(latelyOf(diskOf(1, { occasions }), nowMs), { asides: 2, freshConfigs: 1 });
  assert.deepEqual(latelyOf(diskOf(1), nowMs), { asides: 0, freshConfigs: 0 });
});
