// SPDX-License-Identifier: Apache-2.0
import type { Ensemble, Observation, ServerSigns } from '../model/observation.ts';
import { attempt } from './attempt.ts';
import type { Look } from './look.ts';

/**
 * The node's own server. Beside an ensemble, if it does not say that it serves, all else that can tell is asked too.
 */
export async function observeServer(
  look: Look,
  ensemble: Ensemble | undefined,
  signal: AbortSignal,
): Promise<Observation['server']> {
  const server = await observeProcess(look, signal);
  if (!ensemble || server.upMs === undefined || server.answer.kind === 'serving') return server;
  return { ...server, signs: await observeSigns(look, ensemble, signal) };
}

/**
 * Joining 1: an ensemble that this node led ends with this node's server. The server is looked at after the ensemble,
 * and may have ended in between.
 */
export function stillLed(
  ensemble: Ensemble | undefined,
  server: Observation['server'],
  { address }: Observation['self'],
): Ensemble | undefined {
  return ensemble?.leader.address === address && server.upMs === undefined ? undefined : ensemble;
}

/** Work that can't be read counts as no work, because the other signs still count. */
async function observeSigns({ ports, memory }: Look, { leader }: Ensemble, signal: AbortSignal): Promise<ServerSigns> {
  const [work, learners] = await Promise.all([
    ports.server.work(signal),
    attempt(() => ports.servers.learners(leader.address, signal), signal),
  ]);
  return { idleForMs: memory.idleness.forMs(work, ports.clock.monotonicMs()), learners };
}

export async function observeProcess({ ports, self }: Look, signal: AbortSignal): Promise<Observation['server']> {
  const [state, answer] = await Promise.all([ports.server.state(signal), ports.servers.srvr(self.address, signal)]);
  const upMs = state.kind === 'running' ? state.upMs : undefined;
  const ends = state.kind === 'running' ? undefined : state.ends;
  return {
    upMs,
    answer,
    ...(state.kind === 'restarting' ? { restarting: true } : {}),
    ...(ends === undefined ? {} : { ends }),
  };
}
