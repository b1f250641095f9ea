// SPDX-License-Identifier: Apache-2.0
import { statfs } from 'node:fs/promises';
import type { DiskFacts } from '../model/disk.ts';

/** The space within what the server's user may fill. Empty when the file system does not say. */
export async function diskSpace(directory: string): Promise<Pick<DiskFacts, 'freeShare' | 'diskBytes'>> {
  const facts = await statfs(directory).catch(() => undefined);
  if (facts === undefined) return {};
  const { bavail, bfree, blocks, bsize } = facts;
  const size = blocks - (bfree - bavail);
  return size > 0 ? { freeShare: bavail / size, diskBytes: size * bsize } : {};
}
