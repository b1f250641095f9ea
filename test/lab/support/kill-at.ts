// SPDX-License-Identifier: Apache-2.0
/** Places a crash of the agent exactly; see kill-at.cjs for what each point means. */
import { resolve } from 'node:path';
import type { StepKind } from '../../../src/model/step.ts';

export type KillPoint =
  | { readonly event: 'act' | 'acted' | 'failed'; readonly step: StepKind; readonly count?: number }
  | { readonly rename: string; readonly moment: 'before' | 'after'; readonly count?: number };

const PRELOAD = resolve(import.meta.dirname, 'kill-at.cjs');

/** Options for `lab.agent`: the run ends by SIGKILL at the first of these points. */
export function killedAt(...points: readonly KillPoint[]) {
  return { environment: { NODE_OPTIONS: `--require=${PRELOAD}`, KILL_AT: JSON.stringify(points) } };
}
