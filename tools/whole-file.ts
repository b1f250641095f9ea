// SPDX-License-Identifier: Apache-2.0
/** Writes files that others may be reading. A reader sees the new file complete, or the old one. */
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * The file appears complete, with this mode if one is given. Its directory is made if necessary. Not synced to the
 * disk.
 */
export async function writeWhole(path: string, contents: string | Uint8Array, mode?: number): Promise<void> {
  const partial = join(dirname(path), `.${basename(path)}.${process.pid}-${randomUUID()}`);
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeFile(partial, contents);
    if (mode !== undefined) await chmod(partial, mode);
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
}
