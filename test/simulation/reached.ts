// SPDX-License-Identifier: Apache-2.0
/**
 * Which places of the agent's code were run: V8's own counting of blocks. A place is named by what stands there in the
 * source, which Node runs as it is but for its types, so offsets are the same.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const SOURCE = fileURLToPath(new URL('../../src/', import.meta.url));

export interface Place {
  readonly file: string;
  readonly offset: number;
  /** `act/join.ts:30 throw changed('...` */
  readonly name: string;
}

/** Every match of the pattern in the files of a room of `src`. */
export function placesIn(room: string, pattern: RegExp): readonly Place[] {
  const files = readdirSync(join(SOURCE, room)).filter((file) => file.endsWith('.ts'));
  return files.flatMap((file) => {
    const path = join(SOURCE, room, file);
    const text = readFileSync(path, 'utf8');
    return [...text.matchAll(pattern)].map(({ index: offset }) => {
      const line = text.slice(0, offset).split('\n').length;
      const words = text.slice(offset, offset + 160).replace(/\s+/g, ' ');
      return { file: path, offset, name: `${room}/${file}:${line} ${words.slice(0, 90)}` };
    });
  });
}

const RULE = /\b(?:Claims|Files|Genesis|Joining|Leaving|Recovery|Server|Disk) \d+\b/g;
/** A block comment, or lines of comment on end. */
const COMMENT = /\/\*\*[\s\S]*?\*\/|\/\/[^\n]*(?:\n\s*\/\/[^\n]*)*/g;
const FUNCTION = /^(?:export )?(?:async )?function |^(?:async )?#?\w+\(/;

/** Where the code begins that stands below a comment which names a rule of docs/protocol.md. */
export function ruledPlacesIn(room: string): readonly Place[] {
  return placesIn(room, COMMENT).flatMap(({ file, name, offset }) => {
    // What is said of a whole file is said of no place in it.
    if (offset === 0) return [];
    const text = readFileSync(file, 'utf8');
    const comment = [...text.slice(offset).matchAll(COMMENT)][0]?.[0] ?? '';
    const after = text.slice(offset + comment.length);
    const start = offset + comment.length + Math.max(0, after.search(/\S/));
    const code = text.slice(start);
    // What is only a type never runs; of a function it is its body that does.
    if (/^(?:export )?(?:interface|type) |^readonly /.test(code)) return [];
    const body = FUNCTION.test(code) ? code.search(/\{\n/) + 2 : 0;
    const first = start + body + Math.max(0, code.slice(body).search(/\S/));
    return (comment.match(RULE) ?? []).map((rule) => ({ file, offset: first, name: `${rule}, ${name.split(' ')[0]}` }));
  });
}

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

export class Reached {
  readonly #session = new Session();

  async begin(): Promise<void> {
    this.#session.connect();
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Those of the places that were never run since the beginning. */
  async never(places: readonly Place[]): Promise<readonly Place[]> {
    const { result } = await this.#session.post('Profiler.takePreciseCoverage');
    const ranges = new Map<string, Range[]>();
    for (const { url, functions } of result) {
      if (url.startsWith(pathToFileURL(SOURCE).href))
        ranges.set(
          fileURLToPath(url),
          functions.flatMap((each) => each.ranges),
        );
    }
    return places.filter(({ file, offset }) => (innermost(ranges.get(file) ?? [], offset)?.count ?? 0) === 0);
  }

  async end(): Promise<void> {
    await this.#session.post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }
}

function innermost(ranges: readonly Range[], offset: number): Range | undefined {
  const around = ranges.filter(({ startOffset, endOffset }) => startOffset <= offset && offset < endOffset);
  return around.sort((a, b) => a.endOffset - a.startOffset - (b.endOffset - b.startOffset))[0];
}
