// SPDX-License-Identifier: Apache-2.0
/** The part of sysfs that says which disk holds a directory, as Linux lays it out on a Nitro instance. */
import { mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

interface Shown {
  /** Absent: the device has no such file. */
  readonly serial?: string;
  readonly partition?: boolean;
}

/** `directory` is then on a device that `sysfs` shows. */
export async function layOutSysfs(sysfs: string, directory: string, { serial, partition }: Shown): Promise<void> {
  const disk = join(sysfs, 'devices', 'disk');
  const device = partition ? join(disk, 'disk-part1') : disk;
  await mkdir(device, { recursive: true });
  if (partition) await writeFile(join(device, 'partition'), '1\n');
  if (serial !== undefined) {
    await mkdir(join(disk, 'device'));
    await writeFile(join(disk, 'device', 'serial'), serial);
  }
  await mkdir(join(sysfs, 'dev', 'block'), { recursive: true });
  const { dev } = await stat(directory, { bigint: true });
  // The low eight bits of the minor number, then twelve of the major, then the rest of the minor (gnu_dev_makedev).
  const [low, major, high] = [dev % 256n, (dev / 256n) % 4096n, dev / 0x100000n];
  await symlink(device, join(sysfs, 'dev', 'block', `${major}:${high * 256n + low}`));
}
