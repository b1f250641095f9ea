// SPDX-License-Identifier: Apache-2.0
/** What the agent tells people and scripts when a command fails. */
import assert from 'node:assert/strict';
import type { AgentRun } from '../../../lab/hypervisor/machine.ts';
import { ERROR_CODES, type ErrorCode } from '../../../src/errors.ts';

export interface Told {
  readonly code: ErrorCode;
  readonly saw: string;
  readonly next: string;
}

/** The error of a run that failed with this exit code: the last line on standard error, whole, with a known code. */
export function errorOf(run: AgentRun, exitCode = 1): Told {
  const output = `${run.stdout}${run.stderr}`;
  assert.equal(run.code, exitCode, `The run should have ended with ${exitCode}:\n${output}`);
  const last = run.stderr.trimEnd().split('\n').at(-1) ?? '';
  const told = JSON.parse(last) as Told & { readonly event: string };
  assert.equal(told.event, 'error', output);
  assert.ok(ERROR_CODES.includes(told.code), `${told.code} is a code of the runbook.`);
  assert.ok(told.saw.length > 10 && told.next.length > 10, `It says what happened and what to do next: ${last}`);
  return told;
}

/** The last line of this event on standard output. */
export function lineOf(run: AgentRun, event: string): Readonly<Record<string, unknown>> {
  const lines = run.stdout.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
  const line = lines.findLast((each: { event?: unknown }) => each.event === event) as
    | Readonly<Record<string, unknown>>
    | undefined;
  assert.ok(line, `A line of the event ${event} is missing:\n${run.stdout}${run.stderr}`);
  return line;
}
