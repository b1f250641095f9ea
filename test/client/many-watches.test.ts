// SPDX-License-Identifier: Apache-2.0
/** A small run of `npm run soak -- watches`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLIENT_PORT } from '../../src/model/member.ts';
import { realEnsemble } from '../support/real-server.ts';
import { manyWatches } from './many-watches.ts';

test('thousands of watches are set, set again after a lost connection, and fire once', {
  timeout: 180_000,
}, async () => {
  await using ensemble = await realEnsemble(1);
  const host = ensemble.server(1).address;
  const result = await manyWatches({ host, port: CLIENT_PORT, watches: 12_000, limitMs: 60_000 });
  const { longestPauseMs: _, ...counts } = result;
  // One znode of a hundred is deleted meanwhile, and each has two watches.
  assert.deepEqual(counts, { set: 12_000, firedForAway: 120, rearmed: 11_880, fired: 11_880, wrong: 0 });
});
