// SPDX-License-Identifier: Apache-2.0
/**
 * Which nodes that a record names could still run a server of an older record (docs/protocol.md, "Recovery 6"). Pure.
 */
import type { FoundReport, LineageRecord } from '../model/records.ts';

interface FenceFacts {
  /** The node that asks. It knows its own fence, so it is left out. */
  readonly self: string;
  readonly reports: readonly FoundReport[];
  readonly isGone: (instance: string) => boolean;
  /** Whether a node has announced its start under the record. Such a node has left the older record behind. */
  readonly hasStarted: (instance: string) => boolean;
}

/** All nodes that the record names must still be fenced, unless they are gone for good. Returns those that are not. */
export function unfencedOf(
  record: LineageRecord,
  { self, reports, isGone, hasStarted }: FenceFacts,
): readonly string[] {
  return record.fenced.filter((instance) => {
    if (instance === self || isGone(instance) || hasStarted(instance)) return false;
    // A node that has seen the new record reports for that one. Its report for the record before counts as well.
    return !reports.some(
      ({ report }) => report.instance === instance && report.fenced && report.record >= record.number - 1,
    );
  });
}
