// SPDX-License-Identifier: Apache-2.0
/**
 * Stacks that name the source, for whoever reads a report. Only what is shown is translated: many an error that the
 * agent gets over has its stack looked at by a package, and reading a map takes longer than a healthy tick.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSea } from 'node:sea';
import { PARTS, type Part, readAsset } from './parts.ts';

/** `findEntry` counts lines and columns from 0. */
interface PartMap {
  findEntry(
    line: number,
    column: number,
  ): {
    readonly originalSource?: string;
    readonly originalLine?: number;
    readonly originalColumn?: number;
  };
}

const PLACE = new RegExp(`\\b(${PARTS.join('|').replaceAll('.', '\\.')}):(\\d+):(\\d+)`, 'g');

/** The text of `error.stack`, its places in the bundles replaced; as it is where the maps are not. */
export function readableStack(stack: string): string {
  const maps = new Map<Part, PartMap | undefined>();
  return stack.replace(PLACE, (place, name: string, line: string, column: string) => {
    const part = PARTS.find((known) => known === name);
    if (!part) return place;
    if (!maps.has(part)) maps.set(part, readMap(part));
    const map = maps.get(part);
    if (!map) return place;
    const { originalSource, originalLine, originalColumn } = map.findEntry(Number(line) - 1, Number(column) - 1);
    if (originalSource === undefined || originalLine === undefined || originalColumn === undefined) return place;
    return `${originalSource}:${originalLine + 1}:${originalColumn + 1}`;
  });
}

/** The executable has its maps inside; the bundles of a checkout have them beside. */
function readMap(part: Part): PartMap | undefined {
  const { SourceMap } = process.getBuiltinModule('node:module');
  try {
    const text = isSea()
      ? readAsset(`${part}.map`).toString()
      : readFileSync(join(import.meta.dirname, `${part}.map`), 'utf8');
    return new SourceMap(JSON.parse(text)) as PartMap;
  } catch {
    return undefined;
  }
}
