// SPDX-License-Identifier: Apache-2.0
/**
 * Whether the output is what a build would make now. It compares the size and the modification time of every input and
 * output.
 */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

interface Stamp {
  /** What the build was asked to do. Another request is never fresh. */
  readonly request: string;
  readonly files: Readonly<Record<string, string>>;
}

/** False when in doubt. */
export async function isFresh(stampFile: string, request: string): Promise<boolean> {
  let stamp: Stamp;
  try {
    stamp = JSON.parse(await readFile(stampFile, 'utf8'));
  } catch {
    return false;
  }
  if (stamp.request !== request) return false;
  const marks = await Promise.all(
    Object.entries(stamp.files).map(async ([file, mark]) => (await markOf(file)) === mark),
  );
  return marks.every(Boolean);
}

/** Stamps inputs and outputs alike, since an output that somebody changed is not fresh either. */
export async function writeStamp(
  stampFile: string,
  request: string,
  marks: ReadonlyMap<string, string>,
): Promise<void> {
  const stamp: Stamp = { request, files: Object.fromEntries(marks) };
  await writeFile(stampFile, JSON.stringify(stamp));
}

export async function marksOf(files: readonly string[]): Promise<Map<string, string>> {
  return new Map(await Promise.all(files.map(async (file) => [file, await markOf(file)] as const)));
}

async function markOf(file: string): Promise<string> {
  try {
    const { size, mtimeMs } = await stat(file);
    return `${size} ${mtimeMs}`;
  } catch {
    return 'missing';
  }
}

export async function latestChangeMs(files: readonly string[]): Promise<number> {
  const times = await Promise.all(files.map(async (file) => (await stat(file)).mtimeMs));
  return Math.max(0, ...times);
}

export function stampFileOf(outfile: string): string {
  return join(dirname(outfile), `.${basename(outfile)}.stamp`);
}
