// SPDX-License-Identifier: Apache-2.0
/** Steps of a recovery by force. The order within a step makes it repeatable after a crash. */
import { mayHaveFounded } from '../facts/data.ts';
import { unfencedOf } from '../facts/fenced.ts';
import { idModeOf } from '../identity/modes.ts';
import { sourceCopyName, unreadable } from '../model/disk.ts';
import { firstVersion } from '../model/first-version.ts';
import type { LineageRecord } from '../model/records.ts';
import type { Step } from '../model/step.ts';
import { readRecords } from '../registry/lineage.ts';
import { reportsOf } from '../registry/reports.ts';
import { type ActContext, changed } from './context.ts';
import { withdraw } from './reports.ts';
import { keepStill } from './still.ts';

type Of<K extends Step['kind']> = Extract<Step, { kind: K }>;

/** The fence is durable before the server stops, so that nothing starts it again in between. The report comes later. */
export async function actRaiseFence(step: Of<'raise-fence'>, { ports, signal }: ActContext): Promise<void> {
  await ports.disk.raiseFence({ record: step.record });
  await ports.server.stop(signal);
}

/**
 * Recovery 2 and 4: the report is withdrawn first, then the records are read again. The fence is lifted only if none is
 * newer. In any other order, another node could count this one as fenced while its server starts.
 */
export async function actLiftFence(step: Of<'lift-fence'>, context: ActContext): Promise<void> {
  const { ports, signal } = context;
  await withdraw(step.record, context);
  const newest = (await readRecords(ports.objects, signal)).at(-1)?.number;
  if (newest !== step.record) throw changed(`Record ${newest} was written meanwhile; the fence stays.`);
  await ports.disk.liftFence();
}

/**
 * Makes the copy with which founding begins, while the facts must stay equal anyway. The fence keeps the data still.
 */
export async function actKeepSource(step: Of<'keep-source'>, { ports, signal }: ActContext): Promise<void> {
  if (!(await ports.disk.isFenced())) throw changed('The fence is gone.');
  await keepStill({ ports, signal });
  await ports.disk.copyDataAside(sourceCopyName(step.record));
}

/**
 * Recovery 6: only the owner does this, behind its fence, once. Before the stamp every part can be repeated. After the
 * stamp, no part: a repetition after the ensemble has grown would found a second history.
 */
export async function actFoundForced(step: Of<'found-forced'>, context: ActContext): Promise<void> {
  const { ports, self, signal } = context;
  const { record } = step;
  const disk = await ports.disk.read(signal);
  if (!disk.fence) throw changed('The fence is gone.');
  if (disk.stamp?.lineage === record.number) return;
  if (mayHaveFounded(record, unreadable(disk, 'stamp') !== undefined, disk)) {
    throw changed(`This node may have founded the ensemble of record ${record.number} before.`);
  }
  await checkStillFenced(record, step.gone, context);
  await ports.server.stop(signal);
  const { aside, lineage } = record.source;
  if (aside !== undefined) {
    // When this is repeated after a crash, it moves only a copy aside. The source in `aside` itself is never touched.
    await ports.disk.note('set-aside', ports.clock.nowMs());
    await ports.disk.setDataAside(`lineage-${disk.stamp?.lineage ?? 0}-before-${record.number}`);
    await ports.disk.writeStamp({ cluster: self.cluster, lineage, id: record.owner.id });
    await ports.disk.restoreAside(aside);
  }
  // Does nothing if the copy was made during the wait already.
  await ports.disk.copyDataAside(sourceCopyName(record.number));
  await ports.disk.raiseAcceptedEpoch(record.epochFloor);
  if (disk.id !== record.owner.id) await ports.disk.writeId(record.owner.id);
  const members = [idModeOf(ports).memberAt(record.owner.id, self.address, 'participant')];
  await ports.disk.writeConfig({ version: firstVersion(record), members });
  await ports.disk.writeStamp({ cluster: self.cluster, lineage: record.number, id: record.owner.id });
}

async function checkStillFenced(
  record: LineageRecord,
  gone: readonly string[],
  { ports, self, signal }: ActContext,
): Promise<void> {
  const others = record.fenced.filter((instance) => instance !== self.instance && !gone.includes(instance));
  const [records, { reports }] = await Promise.all([
    readRecords(ports.objects, signal),
    reportsOf(ports.objects, others, signal),
  ]);
  const newest = records.at(-1)?.number;
  if (newest !== record.number) throw changed(`Record ${newest} was written meanwhile.`);
  const unfenced = unfencedOf(record, {
    self: self.instance,
    reports,
    isGone: (instance) => gone.includes(instance),
    hasStarted: () => false,
  });
  if (unfenced.length > 0) throw changed(`${unfenced.join(', ')} is not fenced any more.`);
}
