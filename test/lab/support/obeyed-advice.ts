// SPDX-License-Identifier: Apache-2.0
/** A person who reads what the agent of a node prints, and does it. */
import { globSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Action, Advice } from '../../../src/model/advice.ts';
import { type TestLab, waitFor } from './lab.ts';

const LIMIT_MS = 120_000;
export const KEPT_BY_HAND = '-kept-by-hand';

/** What the node advises in the last reason that it gave. */
export function advisedBy(lab: TestLab, instance: string): readonly Advice[] {
  const last = lab.agentLog(instance).findLast(({ event }) => event === 'decided');
  return (last?.advice ?? []) as readonly Advice[];
}

/**
 * Waits until the node advises this, and does it; whether its conditions hold is for the caller to know. `mend` puts
 * right what was damaged, as a person with the right content at hand does.
 */
export async function obey(lab: TestLab, reader: string, action: Action, mend: () => void): Promise<void> {
  const advice = await waitFor(() => advisedBy(lab, reader).find((each) => each.action === action), {
    limitMs: LIMIT_MS,
    why: `${reader} advises ${action}`,
  });
  const { instance, path } = advice;
  if (advice.action === 'mend-data') return mend();
  if (advice.action !== 'move-data-away' || instance === undefined || path === undefined) {
    throw new Error(`Nobody here knows how to do this: ${JSON.stringify(advice)}`);
  }
  const data = join(lab.directoryOf(instance), 'data', path);
  // A node may be asked twice in the course of a table.
  const kept = globSync(`${data}*${KEPT_BY_HAND}`).length;
  renameSync(data, `${data}${kept === 0 ? '' : `-${kept + 1}`}${KEPT_BY_HAND}`);
}
