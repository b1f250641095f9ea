// SPDX-License-Identifier: Apache-2.0
/**
 * The note that no server starts on the data of this disk. It names the data's files by size and time. So it means
 * nothing once a person has mended or replaced one of them.
 */
import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere, writeDurably } from './durable-file.ts';
import { formatOwnJson, parseOwnJson } from './own-json.ts';

export async function noteFailedStart(path: string, dataDirectory: string, why: string): Promise<void> {
  await writeDurably(path, formatOwnJson('note', { files: await identityOf(dataDirectory), why }));
}

/** Undefined when there is no note about these very files. A note that can't be read says nothing. */
export async function readFailedStart(path: string, dataDirectory: string): Promise<string | undefined> {
  try {
    const text = await readIfThere(path);
    if (text === undefined) return undefined;
    const { files, why } = parseOwnJson('note', text, path);
    return typeof why === 'string' && files === (await identityOf(dataDirectory)) ? why : undefined;
  } catch {
    return undefined;
  }
}

async function identityOf(directory: string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of (await readdir(directory)).sort()) {
    const { ino, size, mtimeNs } = await stat(join(directory, name), { bigint: true });
    hash.update(`${name} ${ino} ${size} ${mtimeNs}\n`);
  }
  return hash.digest('hex');
}
