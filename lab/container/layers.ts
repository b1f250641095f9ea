// SPDX-License-Identifier: Apache-2.0
/**
 * Disks as layers. An overlay file system shows the read-only layers of an AMI, with a machine's own directory on top.
 * That upper directory has everything that the machine changes and deletes. Once the machine is off, the directory can
 * be a layer itself.
 */
import { readFile } from 'node:fs/promises';
import { runProgram } from '../../tools/program.ts';

export interface Disk {
  /** Read-only, topmost first, the base last. */
  readonly layers: readonly string[];
  /** The changes of the machine. */
  readonly upper: string;
  /** The kernel's own work space: empty, on the same file system as `upper`, used for nothing else. */
  readonly work: string;
}

/** The options of `mount -t overlay`. The kernel expects the topmost lower layer first. */
export function overlayOptions(disk: Disk): string {
  for (const path of [...disk.layers, disk.upper, disk.work]) {
    if (/[:,\\"\s]/.test(path)) {
      throw new Error(
        `${path} can't be part of a machine's disk: a mount's options have no room for : , \\ " or spaces.`,
      );
    }
  }
  return `lowerdir=${disk.layers.join(':')},upperdir=${disk.upper},workdir=${disk.work}`;
}

/** Removes every mount at or under this directory, the innermost first. Returns how many there were. */
export async function unmountAll(directory: string): Promise<number> {
  const targets = mountsUnder(directory, await readFile('/proc/self/mountinfo', 'utf8'));
  // A lazy unmount, since a dying process may still have a file open. The mount disappears from this view at once.
  for (const target of targets) await runProgram('umount', ['--lazy', '--no-mtab', target]);
  return targets.length;
}

/** Field 5 of each line is the mount point. Spaces and similar characters are octal numbers in it (proc(5)). */
export function mountsUnder(directory: string, mountinfo: string): readonly string[] {
  const points = mountinfo
    .split('\n')
    .map((line) => line.split(' ')[4])
    .filter((point) => point !== undefined)
    .map((point) => point.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8))));
  return points.filter((point) => point === directory || point.startsWith(`${directory}/`)).reverse();
}

/** Copies the upper directory of a machine that is off, so that it can be a layer of an AMI. */
export async function copyLayer(upper: string, layer: string, signal?: AbortSignal): Promise<void> {
  // Deleted files are marked by devices and extended attributes, so the copy keeps both.
  const options = { limitMs: 600_000, ...(signal === undefined ? {} : { signal }) };
  await runProgram('cp', ['--archive', '--reflink=auto', '--no-target-directory', upper, layer], options);
}
