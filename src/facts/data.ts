// SPDX-License-Identifier: Apache-2.0
/** What the data on a node's own disk is good for. Pure. */
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

/** An empty `version-2` (of a first start that did not succeed) is no data. One that can't be read may be data. */
export function hasData({ data }: DiskFacts): boolean {
  return data !== undefined && (data.currentEpoch > 0 || data.lastZxid > ZXID_ZERO || data.damage !== undefined);
}

/**
 * Genesis 5: with currentEpoch 0 nothing can have been committed here. An epoch without an entry is nothing to recover
 * from either: to found on it would be to found an empty ensemble. Damaged data can't be served.
 */
export function recoverable(data: DataFacts | undefined): data is DataFacts {
  return data !== undefined && data.currentEpoch > 0 && data.lastZxid > ZXID_ZERO && data.damage === undefined;
}

/**
 * Recovery 1: a node can vote in two cases. It has a database of the newest lineage, or the marker of a first start
 * that is still due. A wiped node can't vote: with fresh markers, two of them would elect each other and erase the
 * survivor's data.
 */
function canVote(disk: DiskFacts, newestRecord: number): boolean {
  if (disk.stamp?.lineage !== newestRecord) return false;
  if (disk.data?.damage !== undefined) return false;
  return disk.marker || (disk.data !== undefined && disk.data.currentEpoch !== NO_DATABASE);
}

export const NO_DATA = 'it has no data to vote with';

/**
 * What keeps a node from voting; undefined when nothing does. A running server goes on with the files that it has read:
 * only a start needs them again. Unknown is never absent: a proposed config that can't be read may count.
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

/** Whether this is a copy made for a forced record, whose original is still on the disk and just as good. */
export function isSourceCopy(aside: AsideFacts, { data, stamp }: DiskFacts, record: number): boolean {
  const name = sourceCopyName(record);
  const named = aside.name === name || aside.name.startsWith(`${name}-`);
  if (!named || !recoverable(data) || stamp?.lineage !== aside.lineage) return false;
  return data.currentEpoch === aside.data.currentEpoch && data.lastZxid === aside.data.lastZxid;
}

/**
 * Recovery 6: whether the owner of this record may have founded its ensemble already, although its stamp does not say
 * so.
 *
 * Data of the record that was set aside shows the founding: its stamp went along, and no node has such data before. A
 * stamp that can't be read may be the record's. Then only data that no leader of the record has ever had shows that
 * nothing was founded.
 *
 * Disk 3: nothing on another volume than the record's shows what the owner has done, since it may be a copy of earlier.
 */
export function mayHaveFounded(
  record: Pick<ForcedRecord, 'number' | 'epochFloor' | 'volume'>,
  unreadableStamp: boolean,
  { data, aside, volume }: Pick<DiskFacts, 'data' | 'aside' | 'volume'>,
): boolean {
  const { number, epochFloor } = record;
  if (record.volume !== undefined && volume !== undefined && volume !== record.volume) return true;
  if (aside.some((each) => each.lineage >= number || (each.lineage === 0 && each.data.currentEpoch > epochFloor))) {
    return true;
  }
  return unreadableStamp && (data === undefined || data.damage !== undefined || data.currentEpoch > epochFloor);
}
