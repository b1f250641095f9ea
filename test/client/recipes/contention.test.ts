// SPDX-License-Identifier: Apache-2.0
/** Several processes want the same locks; holders are paused past their session, and killed. See `npm run soak`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oneServer } from '../one-server.ts';
import { runContention } from './contention.ts';

const LIMIT = { timeout: 240_000 };

const server = oneServer();

const few = { processes: 3, locks: 6, sessionTimeoutMs: 600, pauseMs: 20, seed: 1 };

test('paused and killed holders: no write of one stands behind a write of the next', LIMIT, async () => {
  const result = await runContention({ ...few, servers: server.servers, guarded: true, pauses: 12 });
  assert.ok(result.pauses >= 12 && result.kills >= 1, JSON.stringify(result));
  assert.equal(result.refused, result.pauses);
  assert.equal(result.staleWrites, 0);
  assert.ok(result.holds > 12 && result.writes > result.holds);
});

test('the same without guard has stale writes, so this test would find one', LIMIT, async () => {
  let stale = 0;
  // A next holder that is very slow may write only when the stale one is done.
  for (let run = 0; run < 5 && stale === 0; run++) {
    const order = { ...few, servers: server.servers, guarded: false, pauses: 1, processes: 2, locks: 2 };
    stale = (await runContention(order)).staleWrites;
  }
  assert.ok(stale > 0);
});
