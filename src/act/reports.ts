// SPDX-License-Identifier: Apache-2.0
/**
 * How a node writes its report and withdraws it. It never replaces a report without settling the proposal that it is
 * bound to.
 */
import { proposalNamed } from '../model/proposals.ts';
import type { Step } from '../model/step.ts';
import { createOutcome, createRecord } from '../registry/lineage.ts';
import { readReports, type Slot, type Unbind, withdrawReport, writeReport } from '../registry/reports.ts';
import { type ActContext, changed } from './context.ts';

type Of<K extends Step['kind']> = Extract<Step, { kind: K }>;

const LATE = 'An earlier write of this report arrived late.';

/** The mark on the disk comes first, so that a later healthy tick knows that a report may be in the bucket. */
export async function actWriteReport({ report }: Of<'write-report'>, context: ActContext): Promise<void> {
  const { ports, signal } = context;
  await ports.disk.mark('reported');
  const release = releaseAbove(report.record, context);
  if ((await writeReport(ports.objects, { report, serial: ports.nonce() }, release, signal)) === 'conflict') {
    throw changed(LATE);
  }
}

export async function actWithdrawReport({ record }: Of<'withdraw-report'>, context: ActContext): Promise<void> {
  await withdraw(record, context);
}

/** `newest` is the number of the newest record. */
export async function withdraw(newest: number, context: ActContext): Promise<void> {
  const { ports, self, signal } = context;
  const withdrawal = { instance: self.instance, serial: ports.nonce() };
  const release = releaseAbove(newest, context);
  if ((await withdrawReport(ports.objects, withdrawal, release, signal)) === 'conflict') throw changed(LATE);
  await ports.disk.unmark('reported');
}

/**
 * Recovery 9: before a slot changes, the proposal for a later record that it is bound to is made void. If the proposal
 * was founded first, the slot stays as it is, and its node goes on to the record.
 */
export function releaseAbove(newest: number, context: ActContext): Unbind {
  const { ports, signal } = context;
  return async (slot) => {
    for (const { serial, number } of await proposalsOf(slot, context)) {
      if (number <= newest) continue;
      const outcome = await createOutcome(ports.objects, { kind: 'void', proposal: serial, number }, signal);
      if (outcome.kind === 'void') continue;
      await createRecord(ports.objects, outcome.record, signal);
      throw changed(`Record ${number} was founded meanwhile.`);
    }
  };
}

/** A slot that can't be understood may be bound to any proposal that exists. */
async function proposalsOf({ body }: Slot, { ports, signal }: ActContext) {
  if (typeof body !== 'string') return [proposalNamed(body.serial, body.binds) ?? []].flat();
  const { reports } = await readReports(ports.objects, signal);
  return reports.flatMap(({ serial, binds }) => proposalNamed(serial, binds) ?? []);
}
