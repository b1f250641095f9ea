// SPDX-License-Identifier: Apache-2.0
/** Who of those that a record names could still run a server of an older one (docs/protocol.md, "Recovery 6"). Pure. */
import type { FoundReport, LineageRecord } from '../model/records.ts';

interface FenceFacts {
  /** The node that asks: it knows of its own fence. */
  readonly self: string;
  readonly reports: readonly FoundReport[];
  readonly isGone: (instance: string) => boolean;
  /** A member that has announced its start under the record has left the old one behind. */
  readonly hasStarted: (instance: string) => boolean;
}

/** All that the record names, unless gone for good, must still be fenced; these are not. */
export function unfencedOf(
  record: LineageRecord,
  { self, reports, isGone, hasStarted }: FenceFacts,
): readonly string[] {
  return record.fenced.filter((instance) => {
    if (instance === self || isGone(instance) || hasStarted(instance)) return false;
    // A node that has seen the new record reports for that one; its report for the one before counts as well.
    return !reports.some(
      ({ report }) => report.instance === instance && report.fenced && report.record >= record.number - 1,
    );
  });
}
