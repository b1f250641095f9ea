/** Stacks that name the source: the maps are read when the first stack is looked at, and cost nothing before. */
import { PARTS, type Part, readAsset } from './parts.ts';

interface Entry {
  readonly originalSource?: string;
  readonly originalLine?: number;
  readonly originalColumn?: number;
}

interface Map_ {
  findEntry(line: number, column: number): Entry;
}

const maps = new Map<Part, Map_>();

/** For `Error.prepareStackTrace`. */
export function readableStack(error: Error, frames: readonly NodeJS.CallSite[]): string {
  return [headOf(error), ...frames.map((frame) => `    at ${inSource(frame)}`)].join('\n');
}

function headOf(error: Error): string {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return 'Error';
  }
}

function inSource(frame: NodeJS.CallSite): string {
  const text = frame.toString();
  const part = PARTS.find((name) => name === frame.getFileName());
  const line = frame.getLineNumber();
  const column = frame.getColumnNumber();
  if (!part || line === null || column === null) return text;
  try {
    const { originalSource, originalLine, originalColumn } = mapOf(part).findEntry(line - 1, column - 1);
    if (originalSource === undefined || originalLine === undefined || originalColumn === undefined) return text;
    return text.replace(`${part}:${line}:${column}`, `${originalSource}:${originalLine + 1}:${originalColumn + 1}`);
  } catch {
    return text;
  }
}

function mapOf(part: Part): Map_ {
  let map = maps.get(part);
  if (!map) {
    const { SourceMap } = process.getBuiltinModule('node:module');
    map = new SourceMap(JSON.parse(readAsset(`${part}.map`).toString())) as Map_;
    maps.set(part, map);
  }
  return map;
}
