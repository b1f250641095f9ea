// SPDX-License-Identifier: Apache-2.0
/**
 * Small files that are there whole or not at all, even after a power cut. They are written beside their place, synced
 * and renamed, and the directory is synced.
 *
 * A file that root writes gets the owner of its directory, because the server shares these directories and runs as
 * another user.
 */
import { readFileSync, statSync } from 'node:fs';
import { copyFile, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const FILE_MODE = 0o644;

/** Two writes of one file at the same time, in one process or in two, must not share their half-written file. */
let written = 0;
/** The half-written files of this process. */
const underWay = new Set<string>();
const HALF = /^(.+?)\.(\d+)-[0-9a-f]+\.half$/;

/** A name beside `path` that no other write uses, and that `halfOf` knows. After `doneWithHalf` it is a left-over. */
export function halfBeside(path: string): string {
  written += 1;
  const half = `${path}.${process.pid}-${written.toString(16)}.half`;
  underWay.add(half);
  return half;
}

export function doneWithHalf(half: string): void {
  underWay.delete(half);
}

/**
 * The file to which this half-written one belongs, and the process that writes or wrote it. Undefined for other names.
 */
export function halfOf(name: string): { readonly of: string; readonly pid: number } | undefined {
  const [, of, pid] = HALF.exec(name) ?? [];
  return of === undefined ? undefined : { of, pid: Number(pid) };
}

/**
 * A process that lives may still write the file. After a boot another one may have the number: the file stays longer.
 */
export function isUnderWay(path: string, pid: number): boolean {
  if (pid === process.pid) return underWay.has(path);
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !isCode(error, 'ESRCH');
  }
}

export async function writeDurably(path: string, text: string, mode: number = FILE_MODE): Promise<void> {
  const half = halfBeside(path);
  try {
    const file = await open(half, 'w', mode);
    try {
      await takeOverOwner(dirname(path), (uid, gid) => file.chown(uid, gid));
      await file.writeFile(text);
      await file.chmod(mode);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(half, path);
  } catch (error) {
    await rm(half, { force: true });
    throw error;
  } finally {
    doneWithHalf(half);
  }
  await syncDirectory(dirname(path));
}

/** Copies one file and makes the copy durable. The caller syncs the new directory. */
export async function copyFileDurably(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  const file = await open(to, 'r+');
  try {
    await takeOverOwner(dirname(to), (uid, gid) => file.chown(uid, gid));
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Makes one directory; its parent must exist. A directory that is there already still gets its owner and is synced. The
 * process that made it may have been killed before that.
 */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) {
      throw error;
    }
  }
  const directory = await open(path, 'r');
  try {
    await takeOverOwner(dirname(path), (uid, gid) => directory.chown(uid, gid));
    await directory.sync();
  } finally {
    await directory.close();
  }
  await syncDirectory(dirname(path));
}

/** Renames within one file system, and makes both directories durable. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncDirectory(dirname(to));
  await syncDirectory(dirname(from));
}

/** Removes one file. Does nothing when it is not there. */
export async function removeDurably(path: string): Promise<void> {
  await rm(path, { force: true });
  await syncDirectory(dirname(path)).catch((error: unknown) => {
    if (!isCode(error, 'ENOENT')) {
      throw error;
    }
  });
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/**
 * The text of a small file. Undefined only when there is no such file; every other failure is an error. It is read
 * synchronously: an asynchronous read takes five times as long, and a look reads a dozen files.
 */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) {
      return undefined;
    }
    throw error;
  }
}

export async function isThere(path: string): Promise<boolean> {
  try {
    statSync(path);
    return true;
  } catch (error) {
    // A link to itself can't be followed, but it is there.
    if (isCode(error, 'ELOOP')) {
      return true;
    }
    if (isCode(error, 'ENOENT')) {
      return false;
    }
    throw error;
  }
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

async function takeOverOwner(directory: string, chown: (uid: number, gid: number) => Promise<void>): Promise<void> {
  if (process.getuid?.() === 0) {
    const { uid, gid } = await stat(directory);
    await chown(uid, gid);
  }
}

/** The names in a directory. None when there is no such directory. */
export async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isCode(error, 'ENOENT')) {
      return [];
    }
    throw error;
  }
}
