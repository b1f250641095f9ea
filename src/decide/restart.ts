// SPDX-License-Identifier: Apache-2.0
import { votingObstacle } from '../facts/data.ts';
import { listed } from '../model/member.ts';
import type { Observation, ObservedServer } from '../model/observation.ts';
import { type Decision, take } from '../model/step.ts';
import { waitsForSurroundings } from './failed-start.ts';

export const RESTARTING = 'The server of this node ended, and its supervisor is about to start it again.';

/** The server runs, or may start at any moment. Steps that change its files, or call it stopped, stop it first. */
export function mayRun({ upMs, restarting }: ObservedServer): boolean {
  return upMs !== undefined || restarting === true;
}

/** Genesis 4: starts the server from the config that it wrote last, if this node may run its server at all. Pure. */
export function decideRestart(observation: Observation, lineage: number): Decision | undefined {
  const { disk, server, self } = observation;
  if (mayRun(server) || disk.fence || votingObstacle(observation, lineage) !== undefined) return undefined;
  if (!listed(disk.config, disk.id, self.address) || waitsForSurroundings(observation)) return undefined;
  return take({ kind: 'start-server' }, 'The server does not run; it restarts from the config that it wrote last.');
}
