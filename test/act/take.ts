// SPDX-License-Identifier: Apache-2.0
/** Takes a step of a scene, and looks at what came of it. */
import assert from 'node:assert/strict';
import { act } from '../../src/act/act.ts';
import { AgentError } from '../../src/errors.ts';
import { PRODUCTION_TIMINGS } from '../../src/timings.ts';
import { addressOf, CLUSTER, instanceOf } from '../decide/parts.ts';
import type { Scene } from './steps.ts';

const signal = new AbortController().signal;

/** Takes the step and answers with its journal. */
export async function take({ step, node }: Scene): Promise<readonly string[]> {
  const self = { instance: instanceOf(node.id), address: addressOf(node.id), cluster: CLUSTER };
  await act(step, { ports: node.ports, self, timings: PRODUCTION_TIMINGS, signal });
  return node.journal;
}

export function isChanged(error: unknown): boolean {
  return error instanceof AgentError && error.code === 'PRECONDITION_CHANGED';
}

/** Asserts that these entries stand in the journal in this order, each found by the beginning of its text. */
export function assertOrder(journal: readonly string[], expected: readonly string[]): void {
  let from = 0;
  for (const beginning of expected) {
    const found = journal.findIndex((entry, index) => index >= from && entry.startsWith(beginning));
    assert.ok(found >= 0, `"${beginning}" is missing, or too early, in:\n${journal.join('\n')}`);
    from = found + 1;
  }
}
