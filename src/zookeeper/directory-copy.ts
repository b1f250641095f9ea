// SPDX-License-Identifier: Apache-2.0
import { constants, copyFile, open, readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentError } from '../errors.ts';
import { FREE_SPACE } from '../model/advice.ts';
import { isCode, makeDirectory, syncDirectory } from './durable-file.ts';

/** Left free beside a copy, because the server preallocates its next log. */
const SPARE_BYTES = 64 * 1024 * 1024;
const MEBIBYTE = 1024 * 1024;
/** Copied times lose a fraction of a millisecond. */
const SAME_TIME_MS = 2;
const CAN_NOT_SHARE: readonly string[] = ['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EINVAL', 'ENOTTY', 'EPERM'];
/** How much is read at once. A larger buffer costs more than it saves. Only blocks that are not zero are written. */
const CHUNK_BYTES = 256 * 1024;
const BLOCK_BYTES = 64 * 1024;

interface FileFact {
  readonly name: string;
  readonly size: number;
  readonly mtimeMs: number;
}

/**
 * Copies the files of a flat directory into a new one, times included, and makes them durable. It makes no hard links,
 * because the server truncates logs in place. Where the file system can share blocks, it does.
 */
export async function copyDirectory(from: string, to: string): Promise<void> {
  await makeDirectory(to);
  const owner = await stat(to);
  for (const { name } of await filesOf(from)) {
    await copyContents(join(from, name), join(to, name));
    const { atime, mtime } = await stat(join(from, name));
    await using file = await open(join(to, name), 'r+');
    await file.utimes(atime, mtime);
    if (process.getuid?.() === 0) {
      await file.chown(owner.uid, owner.gid);
    }
    await file.sync();
  }
  await syncDirectory(to);
}

/**
 * Shares the blocks where the file system can. Elsewhere it leaves holes where a log is preallocated but not written.
 */
async function copyContents(from: string, to: string): Promise<void> {
  try {
    return await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE);
  } catch (error) {
    if (!CAN_NOT_SHARE.some((code) => isCode(error, code))) throw error;
  }
  await using source = await open(from, 'r');
  await using target = await open(to, 'w');
  const { size } = await source.stat();
  const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, size));
  const zeros = Buffer.alloc(BLOCK_BYTES);
  for (let position = 0; position < size; ) {
    const { bytesRead } = await source.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) break;
    for (let start = 0; start < bytesRead; start += BLOCK_BYTES) {
      const block = chunk.subarray(start, Math.min(start + BLOCK_BYTES, bytesRead));
      if (!block.equals(zeros.subarray(0, block.length))) await target.write(block, 0, block.length, position + start);
    }
    position += bytesRead;
  }
  await target.truncate(size);
}

/** Rejects with NO_SPACE when a copy of the directory would not fit on the disk of `onto`. */
export async function checkSpaceForCopy(directory: string, onto: string): Promise<void> {
  const files = await filesOf(directory);
  const neededBytes = files.reduce((sum, file) => sum + file.size, SPARE_BYTES);
  const { bavail, bsize } = await statfs(onto);
  const freeBytes = bavail * bsize;
  if (freeBytes < neededBytes) {
    throw new AgentError(
      'NO_SPACE',
      `Copying ${directory} needs ${inMebibytes(neededBytes)} MiB, but the disk of ${onto} has ${inMebibytes(freeBytes)} MiB free.`,
      FREE_SPACE,
    );
  }
}

/** Whether two directories hold the same files by name, size and time. The names in `leaveOut` are not compared. */
export async function isSameDirectory(a: string, b: string, leaveOut: (name: string) => boolean): Promise<boolean> {
  const [left, right] = await Promise.all([filesOf(a), filesOf(b)]);
  const ofA = left.filter((file) => !leaveOut(file.name));
  const ofB = right.filter((file) => !leaveOut(file.name));
  return ofA.length === ofB.length && ofA.every((file, index) => isSameFile(file, ofB[index]));
}

function isSameFile(a: FileFact, b: FileFact | undefined): boolean {
  return b !== undefined && a.name === b.name && a.size === b.size && Math.abs(a.mtimeMs - b.mtimeMs) < SAME_TIME_MS;
}

async function filesOf(directory: string): Promise<readonly FileFact[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const { size, mtimeMs } = await stat(join(directory, name));
      return { name, size, mtimeMs };
    }),
  );
}

function inMebibytes(bytes: number): number {
  return Math.ceil(bytes / MEBIBYTE);
}
