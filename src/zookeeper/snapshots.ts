// SPDX-License-Identifier: Apache-2.0
/**
 * Snapshots, `version-2/snapshot.<hex zxid>[.gz|.snappy]`. The zxid is the last one applied when the snapshot began
 * (ZooKeeper 3.9.5, FileSnap and SnapStream). The server takes the newest hundred that pass a quick test. It tries them
 * one by one, and starts on the first whose checksum is right. If there are some and none loads, it ends.
 */
import { toZxid, type Zxid } from '../model/zxid.ts';
import type { SnapshotCheck, Stream } from './snapshot-check.ts';

/**
 * The last part names the compression. With any other last part, such as `.tmp` or `.bak`, the file counts as plain.
 */
const NAME = /^snapshot\.([0-9a-f]{1,16})(?:\.(?:.*\.)?([^.]*))?$/i;
const TRIED = 100;

export interface FoundSnapshots {
  /** The zxid of the snapshot that a server would start on. */
  readonly loaded: Zxid | undefined;
  /** The newest snapshot that passes the quick test but does not load, as the server would find out. */
  readonly broken: { readonly name: string; readonly zxid: Zxid; readonly why: string } | undefined;
  /**
   * The snapshot that a server would start on ends before the zxid of its name. The writes in between are in no file.
   */
  readonly misnamed?: { readonly name: string; readonly endsAt: Zxid };
}

/** `check` says what one file is; it may remember its results. */
export async function findSnapshots(
  names: readonly string[],
  check: (name: string, stream: Stream) => Promise<SnapshotCheck>,
): Promise<FoundSnapshots> {
  let broken: FoundSnapshots['broken'];
  let tried = 0;
  for (const { name, zxid, stream } of snapshotsAmong(names)) {
    const found = await check(name, stream);
    if (found.kind === 'whole') {
      const endsAt = found.lastZxid ?? zxid;
      return { loaded: zxid, broken, ...(endsAt < zxid ? { misnamed: { name, endsAt } } : {}) };
    }
    if (found.kind === 'unfinished') continue;
    broken ??= { name, zxid, why: found.why };
    if (++tried === TRIED) break;
  }
  return { loaded: undefined, broken };
}

export interface NamedSnapshot {
  readonly name: string;
  readonly zxid: Zxid;
  readonly stream: Stream;
}

/** Newest first. */
export function snapshotsAmong(names: readonly string[]): readonly NamedSnapshot[] {
  return names
    .flatMap((name): NamedSnapshot[] => {
      const [, hex, last] = NAME.exec(name) ?? [];
      return hex === undefined ? [] : [{ name, zxid: toZxid(BigInt(`0x${hex}`)), stream: streamOf(last) }];
    })
    .sort((a, b) => (a.zxid < b.zxid ? 1 : -1));
}

function streamOf(lastPart = ''): Stream {
  const mode = lastPart.toLowerCase();
  return mode === 'gz' || mode === 'snappy' ? mode : 'plain';
}
