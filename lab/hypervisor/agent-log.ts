// SPDX-License-Identifier: Apache-2.0
/** The messages for people in an agent's log. */
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const LOG_TAIL_BYTES = 16_384;

/** The last line with a message; undefined when there is none, or no file. */
export async function lastSentence(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    const length = Math.min(size, LOG_TAIL_BYTES);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return lastSentenceOf(buffer.toString());
  } catch {
    return undefined;
  }
}

export function lastSentenceOf(text: string): string | undefined {
  for (const line of text.split('\n').reverse()) {
    const sentence = sentenceOf(line);
    if (sentence !== undefined) return sentence;
  }
  return undefined;
}

function sentenceOf(line: string): string | undefined {
  if (line.trim() === '') return undefined;
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== 'object' || entry === null) return line;
    const { decided, why, error, message, saw, event } = entry as Record<string, unknown>;
    // A tick that runs beside a waiting run says nothing about the node.
    if (event === 'busy') return undefined;
    const parts = [decided, why, error, message].filter((part) => typeof part === 'string');
    return parts.length > 0 ? parts.join(': ') : typeof saw === 'string' ? saw : undefined;
  } catch {
    return line;
  }
}

/** The names of what is set aside beside a data directory's data. */
export async function asideIn(dataDirectory: string): Promise<readonly string[]> {
  return readdir(join(dataDirectory, 'aside')).catch(() => []);
}

/** The ZooKeeper id in a data directory. */
export async function idIn(dataDirectory: string): Promise<number | undefined> {
  try {
    const id = Number((await readFile(join(dataDirectory, 'myid'), 'utf8')).trim());
    return Number.isInteger(id) ? id : undefined;
  } catch {
    return undefined;
  }
}
