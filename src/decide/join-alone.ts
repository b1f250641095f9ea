// SPDX-License-Identifier: Apache-2.0
/** Joining 7: a node with data that finds no leader, and whose own config does not list it. Pure. */
import { hasData } from '../facts/data.ts';
import { unreadable } from '../model/disk.ts';
import { firstVersion, isFirstVersion, joinersVersion } from '../model/first-version.ts';
import { type EnsembleConfig, listed, strangeLines } from '../model/member.ts';
import type { Observation } from '../model/observation.ts';
import type { LineageRecord } from '../model/records.ts';
import type { Decision } from '../model/step.ts';
import { epochOf, type Zxid } from '../model/zxid.ts';
import { prepareFrom } from './join.ts';
import { mayRun } from './restart.ts';

export function decideJoinAlone(observation: Observation, newest: LineageRecord): Decision | undefined {
  const { disk, self } = observation;
  if (disk.fence || disk.stamp?.lineage !== newest.number || !hasData(disk) || disk.data?.damage !== undefined) {
    return undefined;
  }
  if (unreadable(disk, 'pending') || mayRun(observation.server)) return undefined;
  const known = [disk.config, disk.pending];
  // A config that the agent writes would lack the lines that it can't understand.
  if (known.some((config) => strangeLines(config).length > 0)) return undefined;
  if (known.some((config) => config?.members.some(({ id, address }) => id === disk.id && address !== self.address))) {
    return undefined;
  }
  if (disk.config === undefined) return joinOnFirst(observation, newest);
  if (listed(disk.config, disk.id, self.address)) return undefined;
  // Joining 7: with the committed config on its disk, and itself as an observer.
  return prepareFrom(
    observation,
    newest,
    { ...disk.config, version: versionAlone(observation, newest, disk.config) },
    undefined,
    'This node has data of the newest lineage, and the last config it knows lacks it: an addition may have committed unseen, and the others may need its vote.',
  );
}

/**
 * Joining 12: never lowered again. A file that an agent wrote has this address as an observer, under an id that the
 * node had before; the agent of the release before gave it a version that is not above the floor.
 */
function versionAlone(
  { self }: Observation,
  { epochFloor }: LineageRecord,
  { version, members }: EnsembleConfig,
): Zxid {
  const isWritten = members.some(({ address, role }) => address === self.address && role === 'observer');
  return isWritten || epochOf(version) <= epochFloor ? version : joinersVersion(version);
}

/**
 * Joining 7: if only the record's first config is left, and it was proposed, the node votes in it. A later config may
 * not have committed, and may name too few members.
 */
function joinOnFirst(observation: Observation, newest: LineageRecord): Decision | undefined {
  const { disk, self } = observation;
  const own = disk.pending && isFirstVersion(disk.pending.version) && listed(disk.pending, disk.id, self.address);
  if (!disk.pending || !own) return undefined;
  return prepareFrom(
    observation,
    newest,
    { ...disk.pending, version: firstVersion(newest) },
    own,
    'This node has data of the newest lineage, and of its configs only the first one is left: nothing was committed before that, and the others may need its vote.',
  );
}
