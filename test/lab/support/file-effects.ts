// SPDX-License-Identifier: Apache-2.0
/** What becomes of the facts of a node's disk when a file of it is edited: all that a decision can see of the edit. */
import type { DataFacts, DiskFacts } from '../../../src/model/disk.ts';

/** In words, and without the sentences for people, the same for each edit that looks the same to the agent. */
export function effectOf(before: DiskFacts, after: DiskFacts): string {
  const { data: dataBefore, unreadable: _, ...factsBefore } = before;
  const { data, unreadable = [], ...facts } = after;
  const effects = new Set(unreadable.map(({ what, newer }) => `${what} ${newer ? 'is newer' : 'can’t be read'}`));
  for (const key of new Set([...Object.keys(factsBefore), ...Object.keys(facts)])) {
    const change = changeOf(factsBefore[key as keyof typeof factsBefore], facts[key as keyof typeof facts]);
    if (change !== undefined) effects.add(`${key} ${change}`);
  }
  if (dataBefore && data) for (const effect of ofData(dataBefore, data)) effects.add(effect);
  else if (data !== dataBefore) effects.add(`data ${data ? 'there' : 'missing'}`);
  return [...effects].sort().join(', ') || 'nothing';
}

function changeOf(before: unknown, after: unknown): string | undefined {
  if (JSON.stringify(before) === JSON.stringify(after)) return undefined;
  if (typeof after === 'boolean') return String(after);
  if (before === undefined) return 'there';
  return after === undefined ? 'missing' : 'another';
}

function ofData(before: DataFacts, { damage, mayHoldMore, ...after }: DataFacts): readonly string[] {
  const numbers = (['currentEpoch', 'acceptedEpoch', 'lastZxid'] as const).flatMap((key) => {
    if (after[key] === before[key]) return [];
    return [`${key} ${after[key] < before[key] ? 'lower' : 'higher'}`];
  });
  return [...(damage ? ['data damaged'] : []), ...(mayHoldMore ? ['data may hold more'] : []), ...numbers];
}
