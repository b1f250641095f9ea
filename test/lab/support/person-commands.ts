// SPDX-License-Identifier: Apache-2.0
/** What the tests of the commands share that a person gives. */
import assert from 'node:assert/strict';
import type { AgentRun } from '../../../lab/hypervisor/machine.ts';
import { votersOf } from '../../../src/model/member.ts';
import { type TestLab, waitFor } from './lab.ts';

const LIMIT_MS = 120_000;

/** Resolves with the run, which must end with 0. */
export async function succeeds(run: Promise<AgentRun>): Promise<AgentRun> {
  const ended = await run;
  assert.equal(ended.code, 0, ended.stdout + ended.stderr);
  return ended;
}

/** The steps of a run in their order, as far as they were brought to an end. */
export function stepsOf(run: AgentRun): readonly unknown[] {
  return run.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line.event === 'acted')
    .map((line) => line.step);
}

/** The ids of the voters in the config of this server, sorted. */
export async function voterIdsOn(lab: TestLab, address: string): Promise<readonly number[]> {
  return votersOf(await lab.configOf(address))
    .map((member) => member.id)
    .sort();
}

/** Asserts again until all of it holds. In one look a busy server may be late with its answer. */
export async function onceSo(why: string, check: () => Promise<void>): Promise<void> {
  await waitFor(() => check().then(() => true), { limitMs: LIMIT_MS, why });
}
