// SPDX-License-Identifier: Apache-2.0
/**
 * Which data is the best to recover from (Recovery 5 and 7). Pure.
 * Lineage comes first, then the *current* epoch, then the last zxid. The accepted epoch is no measure: it rises before
 * the data of that epoch is there.
 */

import { recoverable } from '../facts/data.ts';
import { type DataFacts, type UnreadableFile, unreadable } from '../model/disk.ts';
import { floorAbove } from '../model/first-version.ts';
import type { LineageRecord, Report } from '../model/records.ts';

export interface Candidate {
  readonly instance: string;
  readonly id: number;
  readonly lineage: number;
  readonly data: DataFacts;
  /** The name of data that was set aside; absent for the node's `version-2`. */
  readonly aside?: string;
}

function candidatesOf(report: Report): readonly Candidate[] {
  if (report.id === undefined) return [];
  const { instance, id } = report;
  const candidates: Candidate[] = [];
  if (recoverable(report.data) && report.lineage !== undefined) {
    candidates.push({ instance, id, lineage: report.lineage, data: report.data });
  }
  for (const aside of report.aside) {
    // Recovery 7: data set aside counts for its own lineage.
    if (recoverable(aside.data)) {
      candidates.push({ instance, id, lineage: aside.lineage, data: aside.data, aside: aside.name });
    }
  }
  return candidates;
}

/** Recovery 5: positive when `a` is the better one. */
function compareCandidates(a: Candidate, b: Candidate): number {
  if (a.lineage !== b.lineage) return a.lineage - b.lineage;
  if (a.data.currentEpoch !== b.data.currentEpoch) return a.data.currentEpoch - b.data.currentEpoch;
  if (a.data.lastZxid !== b.data.lastZxid) return a.data.lastZxid > b.data.lastZxid ? 1 : -1;
  if (a.id !== b.id) return a.id - b.id;
  // The node's own directory ranks before a copy of it. Copies rank by name, so every node gets the same order.
  return (b.aside ?? '').localeCompare(a.aside ?? '');
}

export function bestCandidate(reports: readonly Report[]): Candidate | undefined {
  return reports
    .flatMap(candidatesOf)
    .reduce<Candidate | undefined>(
      (best, candidate) => (best === undefined || compareCandidates(candidate, best) > 0 ? candidate : best),
      undefined,
    );
}

/** Data that is no candidate, but holds or may hold more than the best candidate. It may have been committed. */
export interface Ahead {
  readonly report: Report;
  readonly why: string;
  /** Known as far as the data can be read. */
  readonly data?: DataFacts;
  /** The file that stands in the way, where it is one file beside the data. */
  readonly file?: string;
  /** Where the data is, if it is not in `version-2`. */
  readonly directory?: string;
}

export function aheadOf(best: Candidate, reports: readonly Report[]): Ahead | undefined {
  for (const report of reports) {
    const found = whyUnranked(report, best);
    if (found !== undefined) return { report, ...found };
  }
  return undefined;
}

function whyUnranked(report: Report, best: Candidate): Omit<Ahead, 'report'> | undefined {
  const { data, lineage } = report;
  const stamp = unreadable(report, 'stamp');
  if (stamp !== undefined && lineage === undefined && data !== undefined) {
    if (best.lineage < report.record || mayBeLater(data, best.data)) return { ...notUnderstood(stamp), data };
  }
  if (data?.damage !== undefined && (lineage ?? 0) >= best.lineage) {
    if ((lineage ?? 0) > best.lineage || mayBeLater(data, best.data)) {
      return { why: `It is damaged: ${data.damage}`, data };
    }
  }
  // Data set aside is older than what the node has synced since. Where it never finished to sync, it may be the last
  // copy: a member that votes had its data set aside, and the others went before it had all of it again.
  const synced = recoverable(data) ? (lineage ?? 0) : 0;
  const lost = report.aside.find((each) => {
    if (each.data.damage === undefined || each.lineage <= synced) return false;
    return each.lineage > best.lineage || (each.lineage === best.lineage && mayBeLater(each.data, best.data));
  });
  if (lost) return { why: `It is damaged: ${lost.data.damage}`, data: lost.data, directory: `aside/${lost.name}` };
  const aside = unreadable(report, 'aside');
  if (aside === undefined || best.lineage >= report.record) return undefined;
  return { ...notUnderstood(aside), directory: aside.file };
}

function notUnderstood({ file, why }: UnreadableFile): Omit<Ahead, 'report'> {
  return { file, why: `It can't be ranked: ${file} can't be understood (${why}).` };
}

/** The epoch of damaged data says nothing: it may be half of a sync, which has all entries and no epoch yet. */
function mayBeLater(a: DataFacts, b: DataFacts): boolean {
  if (a.mayHoldMore === true) return true;
  if (a.damage !== undefined) return a.lastZxid > b.lastZxid;
  return a.currentEpoch === b.currentEpoch ? a.lastZxid > b.lastZxid : a.currentEpoch > b.currentEpoch;
}

/**
 * Recovery 7: the record under which this data was written, when its stamp is lost. Only a leader of that record, or of
 * a later one, can have given the data an epoch above the record's floor. 0 if the data never had such a leader.
 */
export function lineageOfEpoch({ currentEpoch }: DataFacts, records: readonly LineageRecord[]): number {
  return records.findLast(({ epochFloor }) => currentEpoch > epochFloor)?.number ?? 0;
}

/** Recovery 10: a floor above every epoch that a known node has accepted, or that a lost node may have accepted. */
export function epochFloor(reports: readonly Report[], floor: number): number {
  const epochs = reports.flatMap((report) => [report.data, ...report.aside.map((aside) => aside.data)]);
  return floorAbove(
    epochs.reduce((highest, data) => Math.max(highest, data?.acceptedEpoch ?? 0, data?.currentEpoch ?? 0), floor),
  );
}
