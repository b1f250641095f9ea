// SPDX-License-Identifier: Apache-2.0
/**
 * A server that runs beside an ensemble and does not say that it serves (docs/protocol.md, "Server 3"). Pure.
 *
 * One question without an answer proves nothing. Before the agent stops a running server, it asks everything else that
 * can tell.
 */
import type { Ensemble, Observation, ServerSigns } from '../model/observation.ts';

/** Each fresh config without success doubles the wait for the next one, up to 64 times the first wait. */
const DOUBLINGS = 6;
/** A server is left alone for this many waits if it works without an end, or if the leader may count it. */
const MOST_WAITS = 20;

/** The digest under which such a server is watched. */
const NO_LEADER_FOUND = 'no leader found';

/** Server 3: how long a server may run without the leader before it is given a fresh config. */
function restartAfterMs({ limits, lately }: Observation): number {
  return limits.noLeaderRejoinMs * 2 ** Math.min(lately?.freshConfigs ?? 0, DOUBLINGS);
}

/** Why the server is left alone for now. */
interface Spared {
  readonly why: string;
  /** The digest under which this look is counted. Absent: from here on the time begins anew. */
  readonly digest?: typeof NO_LEADER_FOUND;
}

/** Undefined when everything says that the server found no leader. */
export function whatSpares(observation: Observation, ensemble: Ensemble): Spared | undefined {
  const { server, watch, limits } = observation;
  const { signs } = server;
  const upMs = server.upMs ?? 0;
  const waitMs = restartAfterMs(observation);
  const foundNoneForMs = watch?.digest === NO_LEADER_FOUND ? watch.forMs : 0;
  const digest = NO_LEADER_FOUND;
  // Server 3: its leader does not count it, and that in each look of all the time: the answers of one look are of
  // different moments, and who served in one of them may have ended in the next.
  const counted = signs && whyCounted(observation, ensemble, signs);
  if (counted !== undefined && upMs >= waitMs) return { why: counted };
  // During an election a server looks the same for a moment. The election may need the vote of this server, so it is
  // not stopped then.
  if (upMs < waitMs || foundNoneForMs < limits.recoveryQuietMs) {
    // Server 3: it has run for long enough, and one process has seen it so without a break.
    const why = `The server of this node has not found the leader yet${asking(observation)}.`;
    return counted === undefined ? { why, digest } : { why };
  }
  if (!signs) {
    return { why: 'The server of this node does not say that it serves, and nothing else was asked yet.', digest };
  }
  if (signs.idleForMs < limits.recoveryQuietMs && upMs < waitMs * MOST_WAITS) {
    // Server 3: its process does almost nothing.
    return {
      why: 'The server of this node works, as one that loads its data does, so it is not stopped.',
      digest,
    };
  }
  return undefined;
}

/** Why its leader may count this server. Undefined when it surely does not. */
function whyCounted(observation: Observation, ensemble: Ensemble, { learners }: ServerSigns): string | undefined {
  if (!learners.known) {
    // Server 3: while the leader can't be asked, the server is not stopped.
    return `The server of this node does not say that it serves${asking(observation)}, and the leader can't be asked whether it counts it: ${learners.why}.`;
  }
  // A learner that is in no config stays in the leader's count for ever. So in the end the server's own answer decides.
  const { answer, upMs = 0 } = observation.server;
  const saysItself = answer.kind === 'not-serving' && upMs >= restartAfterMs(observation) * MOST_WAITS;
  if (saysItself || learners.value <= othersThatServe(observation, ensemble)) return undefined;
  return `The server of this node does not say that it serves${asking(observation)}. It is not stopped: its leader counts ${learners.value} learners, and this server may be one of them.`;
}

/** How many members, of those that could follow the leader, surely serve. This node is not counted. */
function othersThatServe({ disk }: Observation, { config, leader, servingIds }: Ensemble): number {
  return config.members.filter(({ id }) => id !== leader.id && id !== disk.id && servingIds.includes(id)).length;
}

function asking({ server: { answer } }: Observation): string {
  return answer.kind === 'silent' ? ` (${answer.why})` : '';
}
