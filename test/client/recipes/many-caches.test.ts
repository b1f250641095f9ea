// SPDX-License-Identifier: Apache-2.0
/** A small run of `npm run soak -- tree-caches`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { realEnsemble } from '../../support/real-server.ts';
import { manyCaches } from './many-caches.ts';

test('the leader is killed under many tree caches: they read what changed', { timeout: 300_000 }, async () => {
  await using ensemble = await realEnsemble(3);
  const result = await manyCaches({ ensemble, caches: 8, znodes: 500, processes: 2, changed: 10, limitMs: 120_000 });
  assert.equal(result.held, 8 * 501);
  assert.equal(result.disconnected, 8);
  const { requests, watchBatches } = result;
  assert.ok(requests >= 8 * 10, `each cache reads what changed: ${requests} requests`);
  assert.ok(requests <= 2 * 8 * 10, `at most two requests for each changed znode: ${requests} requests`);
  assert.ok(watchBatches >= 8, `each cache sets its watches again: ${watchBatches} batches`);
});
