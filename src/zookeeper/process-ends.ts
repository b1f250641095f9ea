// SPDX-License-Identifier: Apache-2.0
/**
 * How the server's process ended by itself. The shell that stays beside it notes a line for each end: when the process
 * began and ended, in seconds since the boot, and its exit code.
 */
import { open, readFile, writeFile } from 'node:fs/promises';
import type { ServerEnds } from '../model/server.ts';
import { readIfThere } from './durable-file.ts';
import { lastErrorOf, SOON_MS } from './last-error.ts';

/** More lines than it takes to recognise a crash loop. */
const LINES_READ = 50;
const LOG_TAIL_BYTES = 64 * 1024;
const MS_PER_SECOND = 1_000;

export function endsFile(pidFile: string): string {
  return `${pidFile}.ends`;
}

export async function readEnds(file: string, logFile: string): Promise<ServerEnds | undefined> {
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  const nowSeconds = Number((await readFile('/proc/uptime', 'utf8')).split(' ')[0]);
  const ends = text
    .trim()
    .split('\n')
    .slice(-LINES_READ)
    .map((line) => line.split(' ').map(Number));
  // Ends of another boot say nothing, and a process that ran for long begins the count anew.
  const lasting = ends.findLastIndex(
    ([began = Number.NaN, ended = Number.NaN]) => !(ended <= nowSeconds && (ended - began) * MS_PER_SECOND <= SOON_MS),
  );
  const counted = ends.slice(lasting + 1);
  const [, ended = 0, code = 0] = counted.at(-1) ?? [];
  if (counted.length === 0) return undefined;
  const facts = {
    count: counted.length,
    sinceMs: Math.round((nowSeconds - ended) * MS_PER_SECOND),
    how: `exit code ${code}`,
    log: logFile,
  };
  return { ...facts, ...(await errorIn(logFile)) };
}

/** Keeps the file small: a server may be tried every minute for weeks. */
export async function forgetOldEnds(file: string): Promise<void> {
  const lines = (await readIfThere(file))?.split('\n') ?? [];
  if (lines.length > 2 * LINES_READ) await writeFile(file, lines.slice(-LINES_READ).join('\n'));
}

async function errorIn(logFile: string): Promise<Pick<ServerEnds, 'error' | 'unread'>> {
  try {
    const error = lastErrorOf(await tailOf(logFile));
    return error === undefined ? { unread: `${logFile} tells of none` } : { error };
  } catch (error) {
    return { unread: String(error) };
  }
}

async function tailOf(path: string): Promise<string> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  const length = Math.min(size, LOG_TAIL_BYTES);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
  return buffer.toString('utf8', 0, bytesRead);
}
