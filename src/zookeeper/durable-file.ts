// SPDX-License-Identifier: Apache-2.0
/**
 * Small files that are there whole or not at all, also after a power cut: written beside their place, synced, renamed,
 * and the directory synced. What root writes belongs to the owner of the directory, since the server that shares these
 * directories runs as another user.
 */
import { readFileSync, statSync } from 'node:fs';
import { copyFile, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const FILE_MODE = 0o644;

/** Two writes of one file at once, in this process or in two, must not share their half-written one. */
let written = 0;
/** The half-written files of this process. */
const underWay = new Set<string>();
const HALF = /^(.+?)\.(\d+)-[0-9a-f]+\.half$/;

/** A name beside `path` that no other write has, and that `halfOf` knows; a left-over one once it is done with. */
export function halfBeside(path: string): string {
  written += 1;
  const half = `${path}.${process.pid}-${written.toString(16)}.half`;
  underWay.add(half);
  return half;
}

export function doneWithHalf(half: string): void {
  underWay.delete(half);
}

/** Of which file that is the half-written one, and which process writes or wrote it; undefined for any other name. */
export function halfOf(name: string): { readonly of: string; readonly pid: number } | undefined {
  const [, of, pid] = HALF.exec(name) ?? [];
  return of === undefined ? undefined : { of, pid: Number(pid) };
}

/** A process that lives may be writing it yet. (After a boot another one may have the number: then it stays longer.) */
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

/** A copy of one file, made durable; its new directory is the caller's to sync. */
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
 * Makes one directory, its parent must exist. Where it is there already, it still gets its owner and is synced: whoever
 * made it may have been killed before that.
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

/** Renames within one file system and makes both directories durable. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncDirectory(dirname(to));
  await syncDirectory(dirname(from));
}

/** Removes one file; nothing to do when it is not there. */
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
 * The text of a small file; undefined only when there is none. Every other failure is an error. Read at once: reading it
 * in pieces beside the rest takes five times as long, and a look reads a dozen of them.
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
    // A link to itself can't be followed, and is there.
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

/** The names in a directory; none when there is no such directory. */
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
