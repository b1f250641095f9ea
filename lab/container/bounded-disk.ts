// SPDX-License-Identifier: Apache-2.0
/**
 * A disk with its own size, so that it can run full. It is a file system in a file, and the machine mounts it where no
 * other process sees it. So the mount always ends with the machine; the file stays in the machine's directory.
 */
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../../tools/program.ts';

/** The changes of the machine in this directory are below this path, which only the machine sees. */
export function mountPointOf(directory: string): string {
  return join(directory, 'disk');
}

/** Called before the first boot. Returns the variables about this disk for machine.sh. */
export async function makeBoundedDisk(directory: string, sizeMiB: number): Promise<Readonly<Record<string, string>>> {
  const file = join(directory, 'disk.ext4');
  if (!existsSync(file)) {
    const unfinished = `${file}.unfinished`;
    // A sparse file: it takes only the space that the machine has written.
    await runProgram('truncate', [`--size=${sizeMiB}M`, unfinished]);
    await runProgram('mkfs.ext4', ['-q', '-F', '-m', '0', unfinished]);
    await rename(unfinished, file);
  }
  return { BOUNDED_DISK: file, BOUNDED_DISK_MOUNT: mountPointOf(directory) };
}
