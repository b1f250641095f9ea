// SPDX-License-Identifier: Apache-2.0
import type { Stamp } from '../model/disk.ts';
import { formatOwnJson, isWhole, parseOwnJson, unreadable } from './own-json.ts';

export function formatStamp(stamp: Stamp): string {
  return formatOwnJson('stamp', stamp);
}

/** A cluster name with bytes that no name can have is damage of the file, and not another cluster. */
const NAME = /^[\x21-\x7e]+$/;

const VOLUME = /^vol-[0-9a-f]+$/;

/**
 * Parses a stamp's file. A field that this release does not know is kept, for when the stamp is written again. `path`
 * is for the error only. Throws BAD_DATA_DIRECTORY, or NewerFormat.
 */
export function parseStamp(text: string, path: string): Stamp {
  const { cluster, lineage, id, volume, ...rest } = parseOwnJson('stamp', text, path);
  if (typeof cluster !== 'string' || !NAME.test(cluster) || !isWhole(lineage) || !isWhole(id)) {
    throw unreadable(path);
  }
  if (volume === undefined) return { ...rest, cluster, lineage, id };
  if (typeof volume !== 'string' || !VOLUME.test(volume)) throw unreadable(path);
  return { ...rest, cluster, lineage, id, volume };
}
