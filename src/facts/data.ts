// SPDX-License-Identifier: Apache-2.0
/** What a node's own disk is worth. Pure. */
import {
  type AsideFacts,
  type DataFacts,
  type DiskFacts,
  NO_DATABASE,
  sourceCopyName,
  unreadable,
} from '../model/disk.ts';
import type { Observation } from '../model/observation.ts';
import type { ForcedRecord } from '../model/records.ts';
import { ZXID_ZERO } from '../model/zxid.ts';

/** A `version-2` with nothing in it (a first start that never led anywhere) is no data; one that can't be read may be. */
export function hasData({ data }: DiskFacts): boolean {
  return data !== undefined && (data.currentEpoch > 0 || data.lastZxid > ZXID_ZERO || data.damage !== undefined);
}

/**
 * Genesis 5: with currentEpoch 0 nothing can have been committed here. Neither is an epoch without an entry anything to
 * recover from: founding on it is founding an empty ensemble. Damaged data can't be served.
 */
export function recoverable(data: DataFacts | undefined): data is DataFacts {
  return data !== undefined && data.currentEpoch > 0 && data.lastZxid > ZXID_ZERO && data.damage === undefined;
}

/**
 * Recovery 1: a node can vote if it has a database of the newest lineage, or the marker of a first start that is still
 * due. A wiped node can't: with a fresh marker two of them would elect each other and erase the survivor.
 */
function canVote(disk: DiskFacts, newestRecord: number): boolean {
  if (disk.stamp?.lineage !== newestRecord) return false;
  if (disk.data?.damage !== undefined) return false;
  return disk.marker || (disk.data !== undefined && disk.data.currentEpoch !== NO_DATABASE);
}

export const NO_DATA = 'it has no data to vote with';

/**
 * What keeps a node from voting; undefined when nothing does. A server that runs has read its files before, and goes on
 * with what it has read: only a start needs them. Unknown is never absent: a proposed config that can't be read may count.
 */
export function votingObstacle({ disk, server, limits }: Observation, newestRecord: number): string | undefined {
  if (!canVote(disk, newestRecord)) {
    const stamp = disk.stamp === undefined ? unreadable(disk, 'stamp') : undefined;
    if (stamp) return `${stamp.file} can't be understood (${stamp.why}), so nobody knows which ensemble its data is of`;
    return NO_DATA;
  }
  const runs = server.upMs !== undefined && (server.answer.kind !== 'silent' || server.upMs >= limits.noLeaderRejoinMs);
  if (runs) return undefined;
  const [file] = (['id', 'config', 'pending'] as const).flatMap((what) => unreadable(disk, what) ?? []);
  if (file) return `its server can't start: ${file.file} can't be understood (${file.why})`;
  if (disk.config === undefined && disk.pending === undefined) return "its server can't start: it has no config";
  return undefined;
}

/** Whether this is the copy, made for a forced record, of data that the disk still has and that is as good. */
export function isSourceCopy(aside: AsideFacts, { data, stamp }: DiskFacts, record: number): boolean {
  const name = sourceCopyName(record);
  const named = aside.name === name || aside.name.startsWith(`${name}-`);
  if (!named || !recoverable(data) || stamp?.lineage !== aside.lineage) return false;
  return data.currentEpoch === aside.data.currentEpoch && data.lastZxid === aside.data.lastZxid;
}

/**
 * Recovery 6: whether the owner of this record may have founded its ensemble already, although its stamp does not say so.
 * A stamp that can't be read may be the record's. Only data that no leader of the record has ever had says otherwise. With
 * data that was set aside the stamp went along: nobody has data of the record before it is founded.
 */
export function mayHaveFounded(
  { number, epochFloor }: Pick<ForcedRecord, 'number' | 'epochFloor'>,
  unreadableStamp: boolean,
  { data, aside }: Pick<DiskFacts, 'data' | 'aside'>,
): boolean {
  if (aside.some((each) => each.lineage >= number || (each.lineage === 0 && each.data.currentEpoch > epochFloor)))
    return true;
  return unreadableStamp && (data === undefined || data.damage !== undefined || data.currentEpoch > epochFloor);
}
