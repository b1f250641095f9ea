// SPDX-License-Identifier: Apache-2.0
import { votingObstacle } from '../facts/data.ts';
import type { DiskFacts } from '../model/disk.ts';
import { floorBelow } from '../model/first-version.ts';
import { listed } from '../model/member.ts';
import type { Observation, ObservedServer } from '../model/observation.ts';
import { type Decision, take } from '../model/step.ts';
import { waitsForSurroundings } from './failed-start.ts';

export const RESTARTING = 'The server of this node ended, and its supervisor is about to start it again.';

/** The server runs, or may start at any moment. Steps that change its files, or call it stopped, stop it first. */
export function mayRun({ upMs, restarting }: ObservedServer): boolean {
  return upMs !== undefined || restarting === true;
}

/**
 * Genesis 2: while the marker is there, the server has never loaded its database, and `version-2` may have been deleted
 * with the floor in it. The config of a first start names the floor, so this needs no answer from AWS.
 */
export function startServer({ marker, config }: DiskFacts, why: string): Decision {
  const epochFloor = marker && config ? floorBelow(config.version) : undefined;
  return take({ kind: 'start-server', ...(epochFloor === undefined ? {} : { epochFloor }) }, why);
}

/** How the server ended by itself, for whoever wonders why it does not run. */
function lastEnd({ ends }: ObservedServer): string {
  if (ends?.error === undefined) return '';
  return ` It ended right after its start (${ends.how}): ${ends.error}${ends.log === undefined ? '' : ` (${ends.log})`}`;
}

/** Genesis 4: starts the server from the config that it wrote last, if this node may run its server at all. Pure. */
export function decideRestart(observation: Observation, lineage: number): Decision | undefined {
  const { disk, server, self } = observation;
  if (mayRun(server) || disk.fence || votingObstacle(observation, lineage) !== undefined) return undefined;
  if (!listed(disk.config, disk.id, self.address) || waitsForSurroundings(observation)) return undefined;
  return startServer(
    disk,
    `The server does not run; it restarts from the config that it wrote last.${lastEnd(server)}`,
  );
}
