// SPDX-License-Identifier: Apache-2.0
/** Whether Debian's security updates reach this node. They do not where a subnet has a way to AWS alone. Only reads. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

interface PackageListPlaces {
  /** Written by the image's role. Without it this is no node of the image, and what updates it is not ours to say. */
  readonly ofImage: string;
  readonly lists: string;
}

const PLACES: PackageListPlaces = { ofImage: '/etc/apt/apt.conf.d/52zookeeper', lists: '/var/lib/apt/lists' };

/** Debian publishes its security suite anew at least every ten days. */
const STALE_DAYS = 14;

/** A sentence, or undefined when updates come, or when nothing can be told yet: apt looks twice a day. */
export async function missedUpdates(
  nowMs: number,
  upMs: number,
  places: PackageListPlaces = PLACES,
): Promise<string | undefined> {
  if (daysIn(upMs) < 1 || (await changedAtMs(places.ofImage)) === undefined) return undefined;
  const names = await readdir(places.lists).catch(() => []);
  const paths = names.filter((name) => name.endsWith('InRelease')).map((name) => join(places.lists, name));
  const times = await Promise.all([places.lists, ...paths].map(changedAtMs));
  const newestMs = Math.max(0, ...times.map((time) => time ?? 0));
  const days = Math.floor(daysIn(nowMs - newestMs));
  if (newestMs === 0 || days < STALE_DAYS) return undefined;
  return `the package lists are ${days} days old, so security updates do not reach this node; they come with a new image`;
}

function daysIn(ms: number): number {
  return ms / 86_400_000;
}

async function changedAtMs(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}
