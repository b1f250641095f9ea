// SPDX-License-Identifier: Apache-2.0
/** Behind a firewall that forgets idle connections, as security groups do: the leader dies after a quiet time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Election, IdlePlan } from './idle-connections-program.ts';
import { runInLabNetwork } from './in-lab-network.ts';
import { whyNoMachines } from './machines.ts';

const skip = (await whyNoMachines()) ?? false;
const IDLE_TIMEOUT_SECONDS = 5;

test('the two that are left have a new leader, though nothing was said between them for longer than the firewall remembers', {
  skip,
}, async () => {
  const plan: Omit<IdlePlan, 'lab' | 'directory'> = {
    keepaliveSeconds: 1,
    quietMs: 2 * IDLE_TIMEOUT_SECONDS * 1_000,
  };
  const told = await runInLabNetwork('idle-connections-program.ts', plan, { idleTimeoutSeconds: IDLE_TIMEOUT_SECONDS });
  const { killed, leader, follower } = JSON.parse(told) as Election;
  assert.deepEqual(new Set([killed, leader, follower]), new Set([1, 2, 3]));
});
