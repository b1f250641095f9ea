// SPDX-License-Identifier: Apache-2.0
import type { Observation } from '../model/observation.ts';
import { type Decision, take } from '../model/step.ts';

/** The report of the time without quorum does not hold any more (Recovery 2). Pure. */
export function withdrawReport({ shared }: Observation, why: string): Decision {
  const record = (shared.known && shared.value.records.at(-1)?.number) || 0;
  return take({ kind: 'withdraw-report', record }, why);
}
