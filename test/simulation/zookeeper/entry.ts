// SPDX-License-Identifier: Apache-2.0
/**
 * A ZooKeeper history as a tree: every entry of a transaction log points at the one before it, so a server's log is
 * just its last entry, and two logs agree as far as their chains are the same. `undefined` is the empty database.
 */
import type { EnsembleConfig } from '../../../src/model/member.ts';
import { ZXID_ZERO, type Zxid } from '../../../src/model/zxid.ts';

export interface Entry {
  readonly zxid: Zxid;
  readonly epoch: number;
  readonly counter: number;
  readonly parent: Entry | undefined;
  readonly depth: number;
  readonly kind: 'session' | 'write' | 'reconfig';
  /** The number that a client wrote. */
  readonly value?: number;
  /** The config that a reconfig proposes; its version is the entry's zxid. */
  readonly config?: EnsembleConfig;
  committed: boolean;
  /** A client was told that its write succeeded. */
  acknowledged: boolean;
}

export type Log = Entry | undefined;

export function zxidText(epoch: number, counter: number): Zxid {
  return epoch.toString(16).padStart(8, '0') + counter.toString(16).padStart(8, '0');
}

export function lastZxid(log: Log): Zxid {
  return log?.zxid ?? ZXID_ZERO;
}

export function depthOf(log: Log): number {
  return log?.depth ?? 0;
}

export function entryAtDepth(log: Log, depth: number): Log {
  let entry = log;
  while (entry && entry.depth > depth) entry = entry.parent;
  return entry;
}

/** True if every entry of `log` is in `longer`, too. */
export function contains(longer: Log, log: Log): boolean {
  return log === undefined || entryAtDepth(longer, log.depth) === log;
}

export function commonPart(a: Log, b: Log): Log {
  let left = entryAtDepth(a, depthOf(b));
  let right = entryAtDepth(b, depthOf(a));
  while (left !== right) {
    left = left?.parent;
    right = right?.parent;
  }
  return left;
}

/** The entries of `log` after `base`, newest first. */
export function entriesAfter(log: Log, base: Log): Entry[] {
  const entries: Entry[] = [];
  for (let entry = log; entry && entry !== base; entry = entry.parent) entries.push(entry);
  return entries;
}
