// SPDX-License-Identifier: Apache-2.0
/** What the bucket and the log group say: one listing of the bucket, the records in it, and the claims. */
import type { Known } from '../model/cloud.ts';
import type { DiskFacts } from '../model/disk.ts';
import type { Ensemble, Observation, Shared } from '../model/observation.ts';
import type { LineageRecord } from '../model/records.ts';
import type { ListedObject, ObjectStore, Ports } from '../ports.ts';
import { readClaims } from '../registry/claims.ts';
import { notesAmong } from '../registry/dead.ts';
import { recordsAmong } from '../registry/lineage.ts';
import { attempt } from './attempt.ts';

/** One listing has all keys of the cluster: they are few. */
export interface Bucket {
  /** Settles before the records in it are read, because the claims need only the keys. */
  readonly listing: Promise<readonly ListedObject[]>;
  readonly contents: Promise<Contents>;
}

export interface Contents {
  readonly listed: readonly ListedObject[];
  readonly keys: readonly string[];
  readonly records: readonly LineageRecord[];
}

export function readBucket(objects: ObjectStore, signal: AbortSignal): Bucket {
  const listing = objects.list('', signal);
  const contents = listing.then(async (listed) => {
    const keys = listed.map((entry) => entry.key);
    return { listed, keys, records: await recordsAmong(objects, keys, signal) };
  });
  return { listing, contents };
}

/** `ids`: those by which this node goes. No list may hide the claims on them (Claims 8). */
export function readShared(
  { ports, self }: { readonly ports: Ports; readonly self: Observation['self'] },
  { listing, contents }: Bucket,
  ids: readonly number[],
  signal: AbortSignal,
): Promise<Known<Shared>> {
  const sources = { listing, self: { instance: self.instance, ids } };
  return attempt(async () => {
    const [{ records }, claims, { dead, unreadable }] = await Promise.all([
      contents,
      readClaims(ports, sources, signal),
      listing.then((listed) => notesAmong(ports.objects, listed, signal)),
    ]);
    return { records, claims, dead, ...(unreadable.length === 0 ? {} : { unreadableNotes: unreadable }) };
  }, signal);
}

/** The ids by which this node goes: the one on its disk, and those that any config gives to its address. */
export function ownIds(
  self: Observation['self'],
  disk: DiskFacts,
  found: readonly Pick<Ensemble, 'config'>[],
): readonly number[] {
  const ids = [disk.id, disk.stamp?.id];
  for (const config of [disk.config, disk.pending, ...found.map((ensemble) => ensemble.config)]) {
    for (const { id, address } of config?.members ?? []) if (address === self.address) ids.push(id);
  }
  return ids.filter((id) => id !== undefined);
}
