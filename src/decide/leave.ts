/**
 * Leaving for good (docs/protocol.md, "Leaving"): removed from the config first, stopped after a later write. Pure.
 * Invariant 4 for oneself: not while the rest would be without quorum.
 */
import { listed, quorumOf, votersOf } from '../model/member.ts';
import type { Ensemble, Observation } from '../model/observation.ts';
import type { LineageRecord } from '../model/records.ts';
import { type Decision, done, take, wait } from '../model/step.ts';

/** Whether this node is to go: the operator said so (now, or before a crash), or its group does. */
export function isLeaving(observation: Observation): boolean {
  if (observation.order.command === 'leave' || observation.disk.left) return true;
  return observation.targetState.known && observation.targetState.value === 'Terminated';
}

export function decideLeave(
  observation: Observation,
  newest: LineageRecord | undefined,
  ensemble: Ensemble | undefined,
): Decision {
  const { disk, server, self, order } = observation;
  const asked = order.command === 'leave' || disk.left;
  if (!ensemble) return leaveWithoutEnsemble(observation, newest);
  const own = listed(ensemble.config, disk.id, self.address);
  if (own && disk.id !== undefined) {
    const obstacle = whatHoldsTheRest(observation, ensemble);
    if (obstacle) return wait(`This node is to leave, but ${obstacle}`);
    if (asked && !disk.left)
      return take({ kind: 'mark-left' }, 'The operator takes this node out; the mark outlives a crash.');
    return take(
      { kind: 'remove-self', id: disk.id, fromVersion: ensemble.config.version },
      `This node leaves: member ${disk.id} is removed, the rest keeps its quorum.`,
    );
  }
  if (asked && !disk.left)
    return take({ kind: 'mark-left' }, 'The operator takes this node out; the mark outlives a crash.');
  if (server.upMs !== undefined) {
    return disk.id === undefined
      ? take({ kind: 'stop-server' }, 'This node has left.')
      : take(
          { kind: 'stop-removed', id: disk.id },
          'The config is without this node; its server stops after one more committed write.',
        );
  }
  return done('This node has left: the config is without it and its server is stopped.');
}

function leaveWithoutEnsemble(observation: Observation, newest: LineageRecord | undefined): Decision {
  const { disk, group, server } = observation;
  const empty = group.known && group.value.desired === 0 && group.value.maximum === 0;
  // Leaving 5: the group goes to zero, and nothing is left to protect.
  if (empty || newest === undefined) {
    if (server.upMs !== undefined)
      return take({ kind: 'stop-server' }, 'The group goes to zero, so this node just stops.');
    return done('The group goes to zero; this node has stopped.');
  }
  if (disk.left && server.upMs === undefined)
    return done('This node has left; only bootstrap --rejoin brings it back.');
  return wait(
    'This node is to leave, but no ensemble answers that could remove it; while quorum is lost its data may be needed.',
  );
}

/** Leaving 2: who stays must be able to commit alone. Nothing else holds a leaving back, maintenance neither. */
function whatHoldsTheRest(observation: Observation, ensemble: Ensemble): string | undefined {
  const rest = votersOf(ensemble.config).filter((member) => member.id !== observation.disk.id);
  if (rest.length === 0) return 'it is the last voter: scale the group to zero instead.';
  const serving = rest.filter((member) => ensemble.servingIds.includes(member.id));
  if (serving.length < quorumOf(rest.length))
    return `only ${serving.length} of the other ${rest.length} voters serve, which is no quorum.`;
  return undefined;
}
