// SPDX-License-Identifier: Apache-2.0
/** Data that came with a copy of a disk, and since when anybody can know of it (docs/protocol.md, Disk 3). */
import type { Objects } from '../cloud/objects.ts';
import { contains, type Log } from '../zookeeper/entry.ts';
import type { Brought, DataState, DiskState } from './disk-state.ts';

/** Marks the data on this copy, which takes the place of that disk. */
export function bring(copy: DiskState, instead: DiskState): void {
  const known = dataOf(instead).flatMap(({ log, brought }) =>
    brought && brought.toldAfter === undefined ? brought.before : [log],
  );
  const brought: Brought = { before: known, toldAfter: undefined };
  for (const data of dataOf(copy)) data.brought = brought;
}

/** A report that was made from this disk is in the bucket. */
export function tell(disk: DiskState, objects: Objects): void {
  for (const { brought } of dataOf(disk)) if (brought) brought.toldAfter ??= decidedRecord(objects);
}

/**
 * Whether this data holds the entry, and whoever decided on this record could know. A node says in its report what is
 * on its disk. Until then nobody else can know, and a record that is decided before that can't wait for it.
 */
export function holdsFor(record: number, data: DataState, entry: Log): boolean {
  if (!contains(data.log, entry)) return false;
  const { brought } = data;
  if (!brought || brought.before.some((log) => contains(log, entry))) return true;
  return brought.toldAfter !== undefined && brought.toldAfter < record;
}

function dataOf({ data, aside }: DiskState): readonly DataState[] {
  return [...(data ? [data] : []), ...aside.map((each) => each.data)];
}

/** The highest number that a record has, or a founded proposal for one. */
function decidedRecord(objects: Objects): number {
  const numbers = objects.list('lineage/').map(({ key }) => {
    const [, number, outcome] = /^lineage\/(\d{6})(\.json|\/outcomes\/.*)$/.exec(key) ?? [];
    const isOpen = outcome !== '.json' && !objects.get(key)?.body.includes('"kind":"founded"');
    return number === undefined || isOpen ? 0 : Number(number);
  });
  return Math.max(0, ...numbers);
}
