import { listed } from '../model/member.ts';
import type { Observation } from '../model/observation.ts';
import { type Decision, take } from '../model/step.ts';
import { canVote } from './data.ts';

/** Genesis 4: starts the server from what it wrote last, if the node may run it at all. Pure. */
export function decideRestart(observation: Observation, lineage: number): Decision | undefined {
  const { disk, server, self } = observation;
  if (server.upMs !== undefined || disk.fence || !canVote(disk, lineage)) return undefined;
  if (!listed(disk.config, disk.id, self.address)) return undefined;
  return take({ kind: 'start-server' }, 'The server does not run; it restarts from the config that it wrote last.');
}
