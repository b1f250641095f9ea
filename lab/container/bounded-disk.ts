// SPDX-License-Identifier: Apache-2.0
/**
 * A disk of a size of its own, so that it can run full: a file system in a file, which the machine mounts where nobody
 * else sees it. So the mount goes with the machine, however that ends; the file stays with the machine's directory.
 */
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../../tools/program.ts';

/** What the machine with this directory changes is below it, and only the machine sees that. */
export function mountPointOf(directory: string): string {
  return join(directory, 'disk');
}

/** Made before the first boot. Returns what machine.sh has to be told of it. */
export async function makeBoundedDisk(directory: string, sizeMiB: number): Promise<Readonly<Record<string, string>>> {
  const file = join(directory, 'disk.ext4');
  if (!existsSync(file)) {
    const unfinished = `${file}.unfinished`;
    // With holes: it takes the room that the machine has written to.
    await runProgram('truncate', [`--size=${sizeMiB}M`, unfinished]);
    await runProgram('mkfs.ext4', ['-q', '-F', '-m', '0', unfinished]);
    await rename(unfinished, file);
  }
  return { BOUNDED_DISK: file, BOUNDED_DISK_MOUNT: mountPointOf(directory) };
}
