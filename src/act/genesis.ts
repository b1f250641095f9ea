// SPDX-License-Identifier: Apache-2.0
/** Steps of the first ensemble. */

import { hasData } from '../facts/data.ts';
import { idModeOf } from '../identity/modes.ts';
import { nonceOn, unreadable } from '../model/disk.ts';
import { firstVersion } from '../model/first-version.ts';
import type { Step } from '../model/step.ts';
import { announceStart, createRecord } from '../registry/lineage.ts';
import { type ActContext, changed } from './context.ts';
import { keepStill } from './still.ts';

type Of<K extends Step['kind']> = Extract<Step, { kind: K }>;

export async function actCreateGenesis(step: Of<'create-genesis'>, { ports, signal }: ActContext): Promise<void> {
  // The next look shows which node's record got the number; only one can have it.
  await createRecord(ports.objects, step.record, signal);
}

/**
 * Genesis 2: nonce, announcement, marker, config, stamp, in this order. Each part can be repeated until the stamp is
 * there. A stamped node never gets here again, whatever its disk holds.
 */
export async function actPrepareGenesis(
  step: Of<'prepare-genesis'>,
  { ports, self, signal }: ActContext,
): Promise<void> {
  const { record, member } = step;
  await keepStill({ ports, signal });
  const disk = await ports.disk.read(signal);
  // Unknown is never absent: a stamp that can't be read may be the record's.
  if (disk.stamp?.lineage === record.number || unreadable(disk, 'stamp')) return;
  if (hasData(disk)) throw changed('There is data on the disk.');
  if (disk.id !== member.id) await ports.disk.writeId(member.id);
  const nonce = disk.nonce ?? nonceOn(disk, ports.nonce());
  if (disk.nonce === undefined) await ports.disk.writeNonce(nonce);
  const announced = await announceStart(ports.objects, { record: record.number, id: member.id, nonce }, signal);
  if (announced.nonce !== nonce) throw changed('This start was announced before, by a disk that was wiped since.');
  if (record.epochFloor > 0) await ports.disk.raiseAcceptedEpoch(record.epochFloor);
  await ports.disk.writeMarker();
  const members = record.members.map((entry) => idModeOf(ports).memberAt(entry.id, entry.address, 'participant'));
  await ports.disk.writeConfig({ version: firstVersion(record), members });
  await ports.disk.writeStamp({ cluster: self.cluster, lineage: record.number, id: member.id });
}
