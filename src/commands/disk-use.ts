// SPDX-License-Identifier: Apache-2.0
/** How much of the disk is used by data set aside, and by half-made data of killed runs. Only reads. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { removeAside } from '../decide/advise.ts';
import type { Advice } from '../model/advice.ts';
import type { AsideFacts } from '../model/disk.ts';
import type { Observation } from '../model/observation.ts';
import { isCode, isThere } from '../zookeeper/durable-file.ts';
import { type AgentPlaces, findLeftovers } from '../zookeeper/leftovers.ts';

export interface Aside extends AsideFacts {
  readonly sizeBytes: number;
  /**
   * For the operator: the agent never removes this itself. Absent while any voter does not serve, since the data may
   * still be needed.
   */
  readonly remove?: Advice;
}

/** The agent removes this itself, before its next change of the disk. */
export interface HalfMade {
  readonly path: string;
  readonly sizeBytes: number;
}

export async function asideWithSize(dataDir: string, facts: AsideFacts, observation: Observation): Promise<Aside> {
  const folder = join(dataDir, 'aside', facts.name);
  // The next run finishes a move that was cut short.
  const moving = join(dataDir, 'aside', `.${facts.name}.moving`);
  const sizeBytes = await sizeOf((await isThere(folder)) ? folder : moving);
  const remove = removeAside(observation, folder);
  return { ...facts, sizeBytes, ...(remove ? { remove } : {}) };
}

export async function leftoversWithSize(places: AgentPlaces): Promise<readonly HalfMade[]> {
  const paths = await findLeftovers(places);
  return Promise.all(paths.map(async (path) => ({ path, sizeBytes: await sizeOf(path) })));
}

/** A file that disappears meanwhile counts as zero: another run may copy and clear away at the same time. */
async function sizeOf(path: string): Promise<number> {
  try {
    const stat = await lstat(path);
    if (!stat.isDirectory()) return stat.size;
    const sizes = await Promise.all((await readdir(path)).map((name) => sizeOf(join(path, name))));
    return sizes.reduce((sum, size) => sum + size, 0);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return 0;
    throw error;
  }
}
