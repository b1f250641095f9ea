// SPDX-License-Identifier: Apache-2.0
/**
 * Which EBS volume holds a directory (docs/protocol.md, "Disk 3"). On Nitro instances a volume is an NVMe device, and
 * its serial number is the id of the volume without the hyphen. The kernel shows it in sysfs to everybody.
 *
 * Whatever else the directory is on is unknown: a Xen instance, an instance store, a container's overlay, a mapped
 * device (LVM, dm-crypt), whose data may move to another volume under a running server.
 */
import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isThere } from './durable-file.ts';
import { NOT_THE_FILE } from './own-files.ts';

const SERIAL = /^vol-?([0-9a-f]{8,32})$/;

/** For example `vol-0a1b2c3d4e5f60718`. Undefined when it is unknown. `sysfs` is the root of that file system. */
export async function volumeOf(directory: string, sysfs: string): Promise<string | undefined> {
  try {
    const { dev } = await stat(directory, { bigint: true });
    const device = await realpath(`${sysfs}/dev/block/${deviceName(dev)}`);
    // The folder of a partition stands in that of its disk.
    const disk = (await isThere(`${device}/partition`)) ? dirname(device) : device;
    const serial = (await readFile(`${disk}/device/serial`, 'latin1')).trim();
    const [, digits] = SERIAL.exec(serial) ?? [];
    return digits === undefined ? undefined : `vol-${digits}`;
  } catch (error) {
    // These are over soon, and a look that fails is made again. A disk that was known does not become unknown by them.
    if (error instanceof Error && 'code' in error && NOT_THE_FILE.includes(String(error.code))) throw error;
    return undefined;
  }
}

/** `259:1`, by the kernel's encoding of both numbers in one. */
function deviceName(dev: bigint): string {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & 0xfffff000n);
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xffffff00n);
  return `${major}:${minor}`;
}
