// SPDX-License-Identifier: Apache-2.0
/**
 * The small files of a node, each by itself. A file that can't be read, or has no usable content, is a fact beside the
 * others. It never ends the look (Files 2).
 */
import { statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { AgentError } from '../errors.ts';
import { type Fence, type NodeFile, type Stamp, UNREADABLE_FENCE, type UnreadableFile } from '../model/disk.ts';
import { isCode, isThere, readIfThere } from './durable-file.ts';
import { isWhole, NewerFormat, parseOwnJson } from './own-json.ts';
import { parseStamp } from './stamp.ts';

/** These errors say something about the process or the machine, and nothing about a file. */
export const NOT_THE_FILE: readonly string[] = ['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EINTR'];

/** Reads files, one after another or at the same time, and collects those that can't be read. */
export class FileReader {
  readonly unreadable: UnreadableFile[] = [];

  async read<T, U = undefined>(
    what: NodeFile,
    file: string,
    read: () => Promise<T>,
    instead?: U,
  ): Promise<T | U | undefined> {
    try {
      return await read();
    } catch (error) {
      if (error instanceof Error && 'code' in error && NOT_THE_FILE.includes(String(error.code))) throw error;
      const newer = error instanceof NewerFormat ? { newer: true as const } : {};
      this.unreadable.push({ what, file, why: reasonOf(error), ...newer });
      return instead;
    }
  }

  /** In an order that does not depend on which read ended first. */
  get found(): readonly UnreadableFile[] {
    return this.unreadable.toSorted((a, b) => (`${a.what} ${a.file}` < `${b.what} ${b.file}` ? -1 : 1));
  }
}

/** Part of a sentence, without a full stop. */
function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
}

/** As the server reads it: the first line, and nothing beside the digits (QuorumPeerConfig.setupMyId of 3.9.5). */
export async function readId(path: string): Promise<number | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  const [line = ''] = text.split(/\r\n|\n|\r/, 1);
  const id = Number(line);
  if (!/^\d{1,3}$/.test(line) || id < 1 || id > 255) {
    throw new Error(`it should hold a number from 1 to 255 and holds ${JSON.stringify(text.slice(0, 40))}`);
  }
  return id;
}

export async function readStamp(path: string): Promise<Stamp | undefined> {
  const text = await readIfThere(path);
  return text === undefined ? undefined : plainly(() => parseStamp(text, path));
}

/** Undefined when none was written. Rejects for a text that is no nonce: no node has announced it. */
export async function readNonce(path: string): Promise<string | undefined> {
  const nonce = (await readIfThere(path))?.trim();
  if (nonce !== undefined && !/^[\w-]+$/.test(nonce)) throw new Error('it holds no nonce');
  return nonce;
}

async function readFence(path: string): Promise<Fence | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  const { record } = plainly(() => parseOwnJson('fence', text, path));
  if (!isWhole(record)) throw new Error('it names no record');
  return { record };
}

/**
 * When the agent can't find out, the mark counts as `instead`, the answer that does no harm. A link that leads nowhere
 * is no mark.
 */
export async function readMark(reader: FileReader, path: string, instead: boolean): Promise<boolean> {
  return (await reader.read('marks', path, async () => leadsSomewhere(path), instead)) ?? instead;
}

/** The server only looks whether the name exists, wherever it leads. */
export async function readMarker(reader: FileReader, path: string): Promise<boolean> {
  return (await reader.read('marks', path, () => isThere(path), false)) ?? false;
}

function leadsSomewhere(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false;
    throw error;
  }
}

export async function readFenceOf(reader: FileReader, path: string): Promise<Fence | undefined> {
  return reader.read('fence', path, () => readFence(path), UNREADABLE_FENCE);
}

/** A disk that is not mounted must not look like a node without data. */
export async function requireMounted(dataDir: string): Promise<void> {
  await readdir(dataDir);
}

/** Keeps only the reason: the sentence about the file is made elsewhere. */
function plainly<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw error instanceof AgentError
      ? new Error('it holds nothing that the agent has written', { cause: error })
      : error;
  }
}
