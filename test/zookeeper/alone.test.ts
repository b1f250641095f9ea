// SPDX-License-Identifier: Apache-2.0
/** A server that waits alone for its quorum asks for it often enough (docs/protocol.md, "Server 2"). */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { emptyEnsemble } from '../support/real-server.ts';

const LONGEST_MS = 4_000;
/** The pause doubles from 0.2 s on: it is 4 s after 6 s, and a minute only after two. */
const LIMIT_MS = 120_000;

test('a server that is alone for long asks again after four seconds at most, and then serves with the others', {
  timeout: 240_000,
}, async () => {
  await using ensemble = await emptyEnsemble(3);
  const { members } = ensemble;
  const alone = await ensemble.start(1, { start: 'genesis', members });
  const endMs = performance.now() + LIMIT_MS;
  let pausesMs: readonly number[] = [];
  while (pausesMs.filter((pauseMs) => pauseMs >= LONGEST_MS).length < 2) {
    assert.ok(performance.now() < endMs, `it paused ${pausesMs.join(', ')} ms`);
    await sleep(250);
    const log = await readFile(alone.logFile, 'utf8');
    pausesMs = [...log.matchAll(/Notification time out: (\d+) ms/g)].map(([, digits]) => Number(digits));
  }
  assert.equal(Math.max(...pausesMs), LONGEST_MS, `it paused ${pausesMs.join(', ')} ms`);
  await ensemble.start(2, { start: 'genesis', members });
  await alone.untilServing();
});
