// SPDX-License-Identifier: Apache-2.0
/**
 * A server that runs beside an ensemble and does not say that it serves (docs/protocol.md, "Server 3"). Silence on one
 * way of asking is no proof: whatever else can tell is asked before a running server is stopped. Pure.
 */
import type { Ensemble, Observation } from '../model/observation.ts';

/** Each fresh config that led nowhere doubles the wait for the next, up to 64 times the first. */
const DOUBLINGS = 6;
/** What works without an end, or may be one that the leader counts, is left alone for this many waits. */
const MOST_WAITS = 20;

/** What is watched of such a server. */
export const NO_LEADER_FOUND = 'no leader found';

/** How long a server may run without the leader before it is given a fresh config. */
function restartAfterMs({ limits, lately }: Observation): number {
  return limits.noLeaderRejoinMs * 2 ** Math.min(lately?.freshConfigs ?? 0, DOUBLINGS);
}

/** Why the server is left alone for now, or undefined when everything says that it found no leader. */
export function whatSpares(observation: Observation, ensemble: Ensemble): string | undefined {
  const { server, watch, limits } = observation;
  const upMs = server.upMs ?? 0;
  const waitMs = restartAfterMs(observation);
  // An election looks the same for a moment, and a voter that is stopped then may be the one that it needs.
  const foundNoneForMs = watch?.digest === NO_LEADER_FOUND ? watch.forMs : 0;
  if (upMs < waitMs || foundNoneForMs < limits.recoveryQuietMs)
    return `The server of this node has not found the leader yet${asking(observation)}.`;
  const { signs } = server;
  if (!signs) return 'The server of this node does not say that it serves, and nothing else was asked yet.';
  if (!signs.learners.known)
    return `The server of this node does not say that it serves${asking(observation)}, and the leader can't be asked whether it counts it: ${signs.learners.why}.`;
  // A learner that is in no config is counted for ever, so the server's own word decides in the end.
  const saysItself = server.answer.kind === 'not-serving' && upMs >= waitMs * MOST_WAITS;
  if (signs.learners.value > othersThatServe(observation, ensemble) && !saysItself)
    return `The server of this node does not say that it serves${asking(observation)}. It is not stopped: its leader counts ${signs.learners.value} learners, and this server may be one of them.`;
  if (signs.idleForMs < limits.recoveryQuietMs && upMs < waitMs * MOST_WAITS)
    return 'The server of this node works, as one that loads its data does, so it is not stopped.';
  return undefined;
}

/** Of those that could follow, how many surely do, without this node. */
function othersThatServe({ disk }: Observation, { config, leader, servingIds }: Ensemble): number {
  return config.members.filter(({ id }) => id !== leader.id && id !== disk.id && servingIds.includes(id)).length;
}

function asking({ server: { answer } }: Observation): string {
  return answer.kind === 'silent' ? ` (${answer.why})` : '';
}
