// SPDX-License-Identifier: Apache-2.0
import type { JuteWriter } from '../jute-writer.ts';
import type { WatchKind } from '../watch.ts';

export const SET_WATCHES_XID = -8;

export type WatchPaths = Readonly<Record<WatchKind, readonly string[]>>;

/** What a frame has beside the paths and their lengths: header, zxid, five counts. */
export const SET_WATCHES_BYTES = 8 + 8 + 5 * 4;

/**
 * setWatches2: header (xid −8, opcode 105), relativeZxid long, then five vectors of string: data, exist, child,
 * persistent and persistent recursive watches; the answer is a reply header. Before it the server sends the events of
 * data, exist and child watches that fired after relativeZxid.
 */
export function encodeSetWatches(writer: JuteWriter, relativeZxid: bigint, paths: WatchPaths): void {
  writer.int(SET_WATCHES_XID);
  writer.int(105);
  writer.long(relativeZxid);
  for (const vector of [paths.data, paths.exist, paths.children, paths.persistent, paths.recursive]) {
    writer.int(vector.length);
    for (const path of vector) writer.path(path);
  }
}
