// SPDX-License-Identifier: Apache-2.0
/**
 * What a killed run leaves half made: unfinished copies, and small files that were not yet renamed to their place. All
 * of it is the agent's own, nothing reads it, and each is known by its place and its name (Disk 2). Nothing else is
 * ever removed: an unfinished move (`.<name>.moving` with data in it) is data.
 */
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { agentFiles } from './agent-files.ts';
import { halfOf, isThere, isUnderWay, namesIn, syncDirectory } from './durable-file.ts';

export interface AgentPlaces {
  readonly dataDir: string;
  readonly confDir: string;
  readonly idFile: string;
  readonly dynamicFile: string;
}

const DATA = 'version-2';
const COPYING = /^\..+\.copying$/;
const MOVING = /^\..+\.moving$/;
const HALF_DATA: readonly string[] = ['.version-2.restoring', '.version-2.new'];
/** A config under its version, as the agent writes it. */
const COMMITTED = /^zoo\.cfg\.dynamic\.[0-9a-f]{1,16}$/;
const EPOCHS: readonly string[] = ['acceptedEpoch', 'currentEpoch'];

/** Absolute paths. A file that this process, or another one that lives, is writing now is not among them. */
export async function findLeftovers(places: AgentPlaces): Promise<readonly string[]> {
  const { dataDir, confDir, idFile, dynamicFile } = places;
  const found = await Promise.all([
    namedIn(dataDir, (name) => HALF_DATA.includes(name)),
    halfCopies(join(dataDir, 'aside')),
    namedIn(join(confDir, 'aside'), (name) => name === '.half'),
    halvesIn(dataDir, (name) => name === 'initialize'),
    halvesIn(dirname(idFile), (name) => name === basename(idFile)),
    halvesIn(join(dataDir, DATA), (name) => EPOCHS.includes(name)),
    halvesIn(agentFiles(dataDir).directory, () => true),
    halvesIn(confDir, (name) => name === 'zoo.cfg' || COMMITTED.test(name)),
    halvesIn(dirname(dynamicFile), (name) => name === basename(dynamicFile)),
  ]);
  return [...new Set(found.flat())].sort();
}

/**
 * Disk 2. May be called only while no copy is under way: by the run that holds the node's lock, between two changes.
 */
export async function removeLeftovers(places: AgentPlaces): Promise<void> {
  for (const path of await findLeftovers(places)) {
    await rm(path, { recursive: true, force: true });
    await syncDirectory(dirname(path));
  }
}

/**
 * Makes durable what an earlier run renamed or removed without the time to sync it. On the disk it looks done, so
 * nothing else would sync it. A power cut would then undo it after other nodes have relied on it (Disk 1).
 */
export async function syncPlaces(places: AgentPlaces): Promise<void> {
  const { dataDir, confDir, idFile, dynamicFile } = places;
  const directories = [
    dataDir,
    agentFiles(dataDir).directory,
    join(dataDir, DATA),
    join(dataDir, 'aside'),
    confDir,
    join(confDir, 'aside'),
    dirname(idFile),
    dirname(dynamicFile),
  ];
  for (const directory of new Set(directories)) {
    if (await isThere(directory)) await syncDirectory(directory);
  }
}

async function halfCopies(aside: string): Promise<readonly string[]> {
  const copies = await namedIn(aside, (name) => COPYING.test(name));
  const moves = await namedIn(aside, (name) => MOVING.test(name));
  const empty = await Promise.all(moves.map(async (path) => ((await isThere(join(path, DATA))) ? [] : [path])));
  return [...copies, ...empty.flat()];
}

async function namedIn(directory: string, fits: (name: string) => boolean): Promise<readonly string[]> {
  return (await namesIn(directory)).filter(fits).map((name) => join(directory, name));
}

/** Half-written files whose final name `fits`. */
async function halvesIn(directory: string, fits: (name: string) => boolean): Promise<readonly string[]> {
  return namedIn(directory, (name) => {
    const half = halfOf(name);
    return half !== undefined && fits(half.of) && !isUnderWay(join(directory, name), half.pid);
  });
}
