// SPDX-License-Identifier: Apache-2.0
/** One look at the world, and what the agent would do next. Changes nothing. */
import { runAgent } from '../loop.ts';
import { votersOf } from '../model/member.ts';
import type { Observation } from '../model/observation.ts';
import type { Decision } from '../model/step.ts';
import type { Clock, Ports } from '../ports.ts';
import type { Settings } from '../settings.ts';
import { nameZone, stackTies } from './stack-ties.ts';

/** The time limit of the look. */
const LOOK_LIMIT_MS = 60_000;

/** What a person reads is looked at again while it may be a false alarm: one question may be lost on a busy machine. */
const MOST_LOOKS = 3;
const BETWEEN_LOOKS_MS = 1_000;

interface Looked {
  readonly observation: Observation;
  readonly decision: Decision;
}

export type LookSettings = Pick<Settings, 'cluster' | 'timings' | 'stack' | 'names'>;

export async function lookOnce(ports: Ports, settings: LookSettings, signal: AbortSignal): Promise<Looked> {
  const order = {
    command: 'recovery',
    cluster: settings.cluster,
    timings: settings.timings,
    limitMs: LOOK_LIMIT_MS,
    dryRun: true,
    ...stackTies(settings),
    ...nameZone(settings),
  } as const;
  const outcome = await runAgent(ports, order, signal);
  if (outcome.kind !== 'dry-run') throw new Error('A dry run must not do anything.');
  return outcome;
}

/** The first look without an alarm, or the last one. `look` is called up to three times. */
export async function lookUntilSure(
  look: () => Promise<Looked>,
  { sleep }: Pick<Clock, 'sleep'>,
  signal: AbortSignal,
): Promise<Looked> {
  for (let looks = 1; ; looks++) {
    const looked = await look();
    if (looks === MOST_LOOKS || !isAlarm(looked.observation)) return looked;
    await sleep(BETWEEN_LOOKS_MS, signal);
  }
}

/** Something does not answer. Whether that is so for long, one look can't tell. */
function isAlarm({ server, shared, ensemble }: Observation): boolean {
  if (server.upMs !== undefined && server.answer.kind !== 'serving') return true;
  if (ensemble === undefined) return shared.known && shared.value.records.length > 0;
  return votersOf(ensemble.config).some(({ id }) => !ensemble.servingIds.includes(id));
}
