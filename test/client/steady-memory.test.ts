// SPDX-License-Identifier: Apache-2.0
/** A small run of `npm run soak -- client-memory`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLIENT_PORT } from '../../src/model/member.ts';
import { realEnsemble } from '../support/real-server.ts';
import { slopeOf } from './memory-slope.ts';
import { looksOf } from './soak-memory.ts';
import type { MemoryLook } from './steady-memory.ts';

const LEAKED_REQUEST_BYTES = 150;

test('calls of all kinds are answered, and leave nothing behind', { timeout: 180_000 }, async () => {
  await using ensemble = await realEnsemble(1);
  const servers = `${ensemble.server(1).address}:${CLIENT_PORT}`;
  const looks: MemoryLook[] = [];
  for await (const look of looksOf({ servers, operations: 24_000, steps: 4 })) looks.push(look);
  assert.deepEqual(
    looks.map(({ operations }) => operations),
    [6_000, 12_000, 18_000, 24_000],
  );
  // Of sixty calls, six are one of each rare kind, and the rest three kinds in turn.
  const rare = { set: 400, watch: 400, create: 400, noNode: 400 };
  assert.deepEqual(looks.at(-1)?.answered, { get: 7_200, getWithLimits: 7_600, exists: 7_600, ...rare });
  const held = slopeOf(looks.slice(1).map(({ operations: x, heldBytes: y }) => ({ x, y })));
  assert.ok(held < LEAKED_REQUEST_BYTES, `${held} bytes more are held for each operation`);
});

test('the slope of a line, and of points around one', () => {
  const line = [1, 2, 3].map((x) => ({ x, y: 5 + 2 * x }));
  assert.equal(slopeOf(line), 2);
  const around = [0, 1, 2, 3].map((x) => ({ x, y: x % 2 }));
  assert.ok(Math.abs(slopeOf(around) - 0.2) < 1e-9);
});
