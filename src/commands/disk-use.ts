// SPDX-License-Identifier: Apache-2.0
/** How much of the disk takes what lies aside, and what killed runs have left half made. Reads only. */
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
  /** For the operator; the agent never does. Absent while any voter does not serve: the data may be wanted yet. */
  readonly remove?: Advice;
}

/** Removed by the agent itself, before its next change of the disk. */
export interface HalfMade {
  readonly path: string;
  readonly sizeBytes: number;
}

export async function asideWithSize(dataDir: string, facts: AsideFacts, observation: Observation): Promise<Aside> {
  const folder = join(dataDir, 'aside', facts.name);
  // A move that was cut short is finished by the next run.
  const moving = join(dataDir, 'aside', `.${facts.name}.moving`);
  const sizeBytes = await sizeOf((await isThere(folder)) ? folder : moving);
  const remove = removeAside(observation, folder);
  return { ...facts, sizeBytes, ...(remove ? { remove } : {}) };
}

export async function leftoversWithSize(places: AgentPlaces): Promise<readonly HalfMade[]> {
  const paths = await findLeftovers(places);
  return Promise.all(paths.map(async (path) => ({ path, sizeBytes: await sizeOf(path) })));
}

/** What goes away meanwhile takes nothing: a run beside this one may copy and clear away. */
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
