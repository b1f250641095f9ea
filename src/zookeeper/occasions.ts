// SPDX-License-Identifier: Apache-2.0
/** When the agent last did what it may do only seldom. A file that can't be read is begun anew: it only limits. */
import type { Occasion, Occasions } from '../model/disk.ts';
import { readIfThere, writeDurably } from './durable-file.ts';
import { formatOwnJson, parseOwnJson } from './own-json.ts';

const KEPT = 20;

export async function readOccasions(path: string): Promise<Occasions> {
  const value = await readNoted(path);
  return { 'fresh-config': timesIn(value, 'fresh-config'), 'set-aside': timesIn(value, 'set-aside') };
}

export async function noteOccasion(path: string, occasion: Occasion, nowMs: number): Promise<void> {
  // What this release does not know is kept.
  const before = { 'fresh-config': [], 'set-aside': [], ...(await readNoted(path)) };
  const times = [...timesIn(before, occasion), nowMs].slice(-KEPT);
  await writeDurably(path, formatOwnJson('note', { ...before, [occasion]: times }));
}

async function readNoted(path: string): Promise<object> {
  try {
    return parseOwnJson('note', (await readIfThere(path)) ?? '{}', path);
  } catch {
    return {};
  }
}

function timesIn(value: object, occasion: Occasion): readonly number[] {
  const times: unknown = (value as Partial<Record<Occasion, unknown>>)[occasion];
  return Array.isArray(times) ? times.filter((time): time is number => Number.isFinite(time)) : [];
}
