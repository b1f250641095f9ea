// SPDX-License-Identifier: Apache-2.0
/**
 * How a record that follows another is made (docs/protocol.md, "Recovery by force"). It is proposed and answered in the
 * reports, then settled by an outcome that is created once. Only then is it written.
 */
import { factsOf } from '../model/proposals.ts';
import type { Binding } from '../model/records.ts';
import type { Step } from '../model/step.ts';
import { createOutcome, createRecord } from '../registry/lineage.ts';
import { bindReport, reportsOf } from '../registry/reports.ts';
import { type ActContext, changed } from './context.ts';
import { releaseAbove } from './reports.ts';
import { keepStill } from './still.ts';

type Of<K extends Step['kind']> = Extract<Step, { kind: K }>;

export async function actProposeRecord(step: Of<'propose-record'>, context: ActContext): Promise<void> {
  const { record, relied, from } = step;
  await bind({ kind: 'proposes', record, relied }, { number: record.number, from }, context);
}

export async function actAnswerProposal(step: Of<'answer-proposal'>, context: ActContext): Promise<void> {
  const { number, proposer, proposal, from } = step;
  await bind({ kind: 'answers', record: number, proposer, proposal }, { number, from }, context);
}

/**
 * A bound node stands still: it is behind its fence, its server is stopped, and its report has the facts that the
 * decision was about.
 */
async function bind(
  binds: Binding,
  { number, from }: { readonly number: number; readonly from: string },
  context: ActContext,
): Promise<void> {
  const { ports, self, signal } = context;
  if (!(await ports.disk.isFenced())) throw changed('The fence is gone.');
  await keepStill(context);
  const binding = { instance: self.instance, from, serial: ports.nonce(), binds };
  const release = releaseAbove(number - 1, context);
  if ((await bindReport(ports.objects, binding, release, signal)) === 'conflict') {
    throw changed('The report of this node is another one by now.');
  }
}

/**
 * Recovery 9: a node that has answered stays bound until there is an outcome. So either its answer still holds when
 * this write arrives, or the proposal is void by then. Only nodes that can't answer are asked once more.
 */
export async function actAcceptRecord(step: Of<'accept-record'>, context: ActContext): Promise<void> {
  const { ports, signal } = context;
  const { proposal, record, unasked } = step;
  if (!(await ports.disk.isFenced())) throw changed('The fence is gone.');
  await checkUnasked(unasked, context);
  const outcome = await createOutcome(ports.objects, { kind: 'founded', proposal, record }, signal);
  if (outcome.kind === 'void') throw changed(`The proposal of record ${record.number} is void.`);
  await createRecord(ports.objects, outcome.record, signal);
}

async function checkUnasked(unasked: Readonly<Record<string, string>>, { ports, signal }: ActContext): Promise<void> {
  const instances = Object.keys(unasked);
  if (instances.length === 0) return;
  const { reports } = await reportsOf(ports.objects, instances, signal);
  for (const instance of instances) {
    const found = reports.find(({ report }) => report.instance === instance);
    if (!found?.report.fenced || factsOf(found) !== unasked[instance]) {
      throw changed(`The report of ${instance} is another one by now.`);
    }
  }
}

/** If another record has the number already, the next look reads it. */
export async function actWriteRecord({ record }: Of<'write-record'>, { ports, signal }: ActContext): Promise<void> {
  await createRecord(ports.objects, record, signal);
}
