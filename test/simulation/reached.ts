// SPDX-License-Identifier: Apache-2.0
/**
 * Which places of the agent's code were run: V8's own counting of blocks. A place is named by what stands there in the
 * source, which Node runs as it is but for its types, so offsets are the same.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const SOURCE = fileURLToPath(new URL('../../src/', import.meta.url));

export interface Place {
  readonly file: string;
  readonly offset: number;
  /** `act/join.ts:30 throw changed('...` */
  readonly name: string;
  /** The same without the line, which other changes move. */
  readonly key: string;
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
      const short = /^throw changed\((?:(['`]).*?\1|\w+)\)/.exec(words)?.[0] ?? words.slice(0, 90);
      const what = `${room}/${file}`;
      return { file: path, offset, name: `${what}:${line} ${short}`, key: `${what} ${short}` };
    });
  });
}

const RULE = /\b(?:Claims|Files|Genesis|Joining|Leaving|Recovery|Server|Disk|Advice|Names|Slots|Elastic IP) \d+\b/g;
/** A block comment, or lines of comment on end. */
const COMMENT = /\/\*\*[\s\S]*?\*\/|\/\/[^\n]*(?:\n\s*\/\/[^\n]*)*/g;
const FUNCTION = /^(?:export )?(?:async )?function |^(?:async )?#?\w+\(/;

/** Where the code begins that stands below a comment which names a rule of docs/protocol.md. */
export function ruledPlacesIn(room: string): readonly Place[] {
  return placesIn(room, COMMENT).flatMap(({ file, name, key, offset }) => {
    const text = readFileSync(file, 'utf8');
    // What is said of a whole file, below the line with its license, is said of no place in it.
    if (/^(?:\/\/[^\n]*\n)?$/.test(text.slice(0, offset))) return [];
    const comment = [...text.slice(offset).matchAll(COMMENT)][0]?.[0] ?? '';
    const after = text.slice(offset + comment.length);
    const start = offset + comment.length + Math.max(0, after.search(/\S/));
    const code = text.slice(start);
    // What is only a type never runs; of a function it is its body that does.
    if (/^(?:export )?(?:interface|type) |^readonly /.test(code)) return [];
    const body = FUNCTION.test(code) ? code.search(/\{\n/) + 2 : 0;
    const first = start + body + Math.max(0, code.slice(body).search(/\S/));
    const words = comment
      .replace(/[/*\s]+/g, ' ')
      .trim()
      .slice(0, 70)
      .trim();
    return [...new Set(comment.match(RULE))].map((rule) => ({
      file,
      offset: first,
      name: `${rule}, ${name.split(' ')[0]}`,
      key: `${rule}, ${key.split(' ')[0]}: ${words}`,
    }));
  });
}

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/** What V8 has counted in one process. It counts no call of a function that it has optimized, so it is asked once. */
interface Counted {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly ranges: readonly Range[] }[];
  }[];
}

/** Those of the places that were run in that process. */
function reachedBy({ result }: Counted, places: readonly Place[]): readonly Place[] {
  const ranges = new Map<string, Range[]>();
  for (const { url, functions } of result) {
    if (url.startsWith(pathToFileURL(SOURCE).href)) {
      ranges.set(
        fileURLToPath(url),
        functions.flatMap((each) => each.ranges),
      );
    }
  }
  return places.filter(({ file, offset }) => (innermost(ranges.get(file) ?? [], offset)?.count ?? 0) > 0);
}

/** For each process that has written into this directory, the places that it has run. */
export async function reachedByEach(
  directory: string,
  places: readonly Place[],
): Promise<readonly (readonly Place[])[]> {
  const files = await readdir(directory);
  return Promise.all(
    files.map(async (file) => reachedBy(JSON.parse(await readFile(join(directory, file), 'utf8')) as Counted, places)),
  );
}

/** The places that `act` runs in this process, of code that is loaded by `act`. */
export async function reachedWhile(act: () => Promise<void>, places: readonly Place[]): Promise<readonly Place[]> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    await act();
    return reachedBy(await session.post('Profiler.takePreciseCoverage'), places);
  } finally {
    session.disconnect();
  }
}

function innermost(ranges: readonly Range[], offset: number): Range | undefined {
  const around = ranges.filter(({ startOffset, endOffset }) => startOffset <= offset && offset < endOffset);
  return around.sort((a, b) => a.endOffset - a.startOffset - (b.endOffset - b.startOffset))[0];
}
