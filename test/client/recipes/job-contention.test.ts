// SPDX-License-Identifier: Apache-2.0
/** Worker processes killed at random lose no job and double none; `npm run soak -- jobs` has many more of both. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '../../../src/client/index.ts';
import { CLIENT_PORT } from '../../../src/model/member.ts';
import { realEnsemble } from '../../support/real-server.ts';
import { contend } from './job-contention.ts';

test('worker processes killed at random: each job is done, and done once', { timeout: 300_000 }, async () => {
  await using ensemble = await realEnsemble(1);
  const servers = `${ensemble.server(1).address}:${CLIENT_PORT}`;
  await using client = await connect({ servers });
  const how = { jobs: 300, workers: 3, atOnce: 2, killsWithinMs: 700, minKills: 3, maxKills: 8, seed: 7 };
  const result = await contend(client, { servers, path: '/contended', ...how });
  assert.equal(result.jobs, 300);
  assert.ok(result.kills >= 3);
  assert.ok(result.takings >= 300 - result.kills * 2, `${result.takings} takings`);
});
