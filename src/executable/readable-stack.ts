// SPDX-License-Identifier: Apache-2.0
/**
 * Stack traces with places in the source, for people who read an error. Only a stack that is shown is translated.
 * Packages look at the stacks of many errors that the agent handles, and reading a map takes longer than a healthy
 * tick.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSea } from 'node:sea';
import { mapAsset, PARTS, type Part, readAsset } from './parts.ts';

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

/** The text of `error.stack`, with places in the source instead of the bundles. Without maps it stays as it is. */
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

/** The executable contains its maps, compressed; the bundles of a checkout have them as files beside them. */
function readMap(part: Part): PartMap | undefined {
  const { SourceMap } = process.getBuiltinModule('node:module');
  try {
    const text = isSea()
      ? process.getBuiltinModule('node:zlib').gunzipSync(readAsset(mapAsset(part)))
      : readFileSync(join(import.meta.dirname, `${part}.map`));
    return new SourceMap(JSON.parse(text.toString())) as PartMap;
  } catch {
    return undefined;
  }
}
