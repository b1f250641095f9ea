// SPDX-License-Identifier: Apache-2.0
/** Writes a serving node's own files anew (Files 3). */

import { lacksVolume, unreadable } from '../model/disk.ts';
import { listed } from '../model/member.ts';
import type { Step } from '../model/step.ts';
import { epochOf } from '../model/zxid.ts';
import { readRecords } from '../registry/lineage.ts';
import { type ActContext, changed, ownServer } from './context.ts';

/** The present answer of the node's own server decides, and each file is read once more. */
export async function actMendFiles(
  step: Extract<Step, { kind: 'mend-files' }>,
  { ports, self, signal }: ActContext,
): Promise<void> {
  const session = await ports.servers.open(ownServer(self), { secret: false }, signal);
  try {
    const config = await session.config(signal);
    if (config.version !== step.config.version) throw changed('The config has moved on.');
    if (listed(config, step.id, self.address)?.role !== 'participant') {
      throw changed('This node does not vote any more.');
    }
  } finally {
    await session.close();
  }
  const newest = (await readRecords(ports.objects, signal)).at(-1);
  if (newest?.number !== step.lineage) throw changed('A newer lineage record was written meanwhile.');
  if (epochOf(step.config.version) <= newest.epochFloor) throw changed('The config is older than the newest record.');
  const disk = await ports.disk.read(signal);
  if (disk.fence) throw changed('A fence was raised meanwhile.');
  if (disk.id === undefined) await ports.disk.writeId(step.id);
  if ((disk.stamp === undefined && !unreadable(disk, 'stamp')?.newer) || lacksVolume(disk)) {
    await ports.disk.writeStamp({ cluster: self.cluster, lineage: step.lineage, id: step.id });
  }
  if (disk.config === undefined) await ports.disk.writeCommitted(step.config);
}
