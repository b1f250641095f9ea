// SPDX-License-Identifier: Apache-2.0
/** One look at the world, and what the agent would do next. Changes nothing. */
import { runAgent } from '../loop.ts';
import type { Observation } from '../model/observation.ts';
import type { Decision } from '../model/step.ts';
import type { Ports } from '../ports.ts';
import type { Settings } from '../settings.ts';
import { stackTies } from './stack-ties.ts';

/** The time limit of the look. */
const LOOK_LIMIT_MS = 60_000;

export type LookSettings = Pick<Settings, 'cluster' | 'timings' | 'stack'>;

export async function lookOnce(
  ports: Ports,
  settings: LookSettings,
  signal: AbortSignal,
): Promise<{ readonly observation: Observation; readonly decision: Decision }> {
  const order = {
    command: 'recovery',
    cluster: settings.cluster,
    timings: settings.timings,
    limitMs: LOOK_LIMIT_MS,
    dryRun: true,
    ...stackTies(settings),
  } as const;
  const outcome = await runAgent(ports, order, signal);
  if (outcome.kind !== 'dry-run') throw new Error('A dry run must not do anything.');
  return outcome;
}
