// SPDX-License-Identifier: Apache-2.0
/** When the agent last did what it may do only seldom. A file that can't be read is begun anew: it only limits. */
import type { Occasion, Occasions } from '../model/disk.ts';
import { readIfThere, writeDurably } from './durable-file.ts';

const KEPT = 20;

export async function readOccasions(path: string): Promise<Occasions> {
  const text = await readIfThere(path).catch(() => undefined);
  const value = text === undefined ? {} : parse(text);
  return { 'fresh-config': timesIn(value, 'fresh-config'), 'set-aside': timesIn(value, 'set-aside') };
}

export async function noteOccasion(path: string, occasion: Occasion, nowMs: number): Promise<void> {
  const before = await readOccasions(path);
  const times = [...before[occasion], nowMs].slice(-KEPT);
  await writeDurably(path, `${JSON.stringify({ ...before, [occasion]: times })}\n`);
}

function timesIn(value: object, occasion: Occasion): readonly number[] {
  const times: unknown = (value as Partial<Record<Occasion, unknown>>)[occasion];
  return Array.isArray(times) ? times.filter((time): time is number => Number.isFinite(time)) : [];
}

function parse(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
