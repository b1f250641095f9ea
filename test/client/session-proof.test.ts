// SPDX-License-Identifier: Apache-2.0
/** Until when a session is surely there: by what was sent and has its answer, and by nothing else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PING_XID } from '../../src/client/operations/ping.ts';
import { SessionProof } from '../../src/client/session-proof.ts';

/** Long enough that two readings of the clock differ. */
function tick(): number {
  const nowMs = performance.now();
  while (performance.now() === nowMs);
  return performance.now();
}

function opened(timeoutMs: number): SessionProof {
  const proof = new SessionProof();
  assert.equal(proof.sureUntilMs, Number.NEGATIVE_INFINITY);
  proof.asked();
  const askedMs = performance.now();
  tick();
  proof.opened(timeoutMs);
  assert.ok(proof.sureUntilMs <= askedMs + (timeoutMs * 3) / 4);
  return proof;
}

test('an answer proves the time at which its request was sent, not that of the answer', () => {
  const proof = opened(1_000);
  const before = proof.sureUntilMs;
  const sentMs = tick();
  proof.sent(1);
  assert.equal(proof.sureUntilMs, before);
  const afterMs = tick();
  proof.answered(1);
  assert.ok(proof.sureUntilMs >= sentMs + 750 && proof.sureUntilMs < afterMs + 750);
});

test('an answer to a later request, or to one of a lost connection, proves nothing', () => {
  const proof = opened(1_000);
  const before = proof.sureUntilMs;
  tick();
  proof.sent(1);
  tick();
  proof.sent(2);
  proof.answered(2);
  assert.equal(proof.sureUntilMs, before);
  proof.asked();
  proof.answered(1);
  assert.equal(proof.sureUntilMs, before);
  proof.opened(1_000);
  assert.ok(proof.sureUntilMs > before);
});

test('with two pings under way, the answer to the first proves nothing about the second', () => {
  const proof = opened(1_000);
  proof.sent(PING_XID);
  const secondMs = tick();
  proof.sent(PING_XID);
  proof.answered(PING_XID);
  const proven = proof.sureUntilMs;
  assert.ok(proven < secondMs + 750);
  tick();
  proof.sent(PING_XID);
  proof.answered(PING_XID);
  assert.equal(proof.sureUntilMs, proven);
  proof.answered(PING_XID);
  const lastMs = tick();
  proof.sent(PING_XID);
  proof.answered(PING_XID);
  assert.ok(proof.sureUntilMs >= lastMs + 750);
});
