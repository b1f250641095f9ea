// SPDX-License-Identifier: Apache-2.0
/**
 * The proposal of the next record, and its answers (docs/protocol.md, "Recovery by force"). Pure.
 *
 * Invariant 1, one history: a record is accepted only when each node that it names is bound to its very proposal. A
 * node is bound to one proposal at a time, and stands still until an outcome is known. So what the proposal relies on
 * is still true when the record arrives.
 */
import type { Silence } from '../model/observation.ts';
import { canAnswer, factsOf, type Proposal, proposalIn, proposalNamed } from '../model/proposals.ts';
import type { FoundReport, LineageRecord } from '../model/records.ts';
import { type Decision, take, wait } from '../model/step.ts';
import { awaitOverdue } from './advise.ts';
import type { Lost } from './lost.ts';

/** A founded proposal is as good as its record. Every node that sees one without its record writes the record. */
export function decideFounded(newest: LineageRecord, { outcomes = [] }: Silence): Decision | undefined {
  for (const outcome of outcomes) {
    if (outcome.kind !== 'founded' || outcome.record.number !== newest.number + 1) continue;
    const { record } = outcome;
    return take(
      { kind: 'write-record', record },
      `Everybody has agreed to record ${record.number}, and it is not written yet.`,
    );
  }
  return undefined;
}

function isVoid({ outcomes = [] }: Silence, serial: string): boolean {
  return outcomes.some((outcome) => outcome.kind === 'void' && outcome.proposal === serial);
}

/** The proposals of the next record that stand in the reports that count. */
export function standingProposals({ reports, newest, silence }: Lost): readonly Proposal[] {
  return reports
    .flatMap((found) => proposalIn(found) ?? [])
    .filter(({ record, serial }) => record.number === newest.number + 1 && !isVoid(silence, serial));
}

export function ownProposal(lost: Lost): Proposal | undefined {
  const { instance } = lost.observation.self;
  return standingProposals(lost).find(({ proposer }) => proposer === instance);
}

function ownFound({ reports, observation }: Lost): FoundReport | undefined {
  return reports.find(({ report }) => report.instance === observation.self.instance);
}

function othersThan(instance: string, { reports }: Lost): readonly FoundReport[] {
  return reports.filter(({ report }) => report.instance !== instance);
}

/** Proposes the record as this node sees it now, unless that stands already. Accepts it once everybody has answered. */
export function proposeOrAccept(
  lost: Lost,
  { record, why }: { readonly record: LineageRecord; readonly why: string },
): Decision {
  const others = othersThan(lost.observation.self.instance, lost);
  const relied = Object.fromEntries(others.map((found) => [found.report.instance, factsOf(found)]));
  const own = ownProposal(lost);
  if (own === undefined || !isSame(own, record, relied)) {
    const from = ownFound(lost)?.serial ?? '';
    return take({ kind: 'propose-record', record, relied, from }, `${why} It asks the others.`);
  }
  const unanswered = others.filter((found) => canAnswer(found) && !answers(found, own));
  if (unanswered.length > 0) {
    const names = unanswered.map(({ report }) => report.instance);
    return wait(`${why} Before that ${names.join(', ')} must agree.`, undefined, awaitOverdue(lost, names));
  }
  const unasked = others.filter((found) => !canAnswer(found)).map((found) => [found.report.instance, factsOf(found)]);
  return take({ kind: 'accept-record', proposal: own.serial, record, unasked: Object.fromEntries(unasked) }, why);
}

function isSame(own: Proposal, record: LineageRecord, relied: Readonly<Record<string, string>>): boolean {
  return isEqual(own.record, record) && isEqual(sorted(own.relied), sorted(relied));
}

function isEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function sorted(relied: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(relied).sort(([one], [other]) => (one < other ? -1 : 1));
}

function answers({ binds }: FoundReport, { serial }: Proposal): boolean {
  return binds?.kind === 'answers' && binds.proposal === serial;
}

/** The answer to the proposal of this proposer. Without a proposer: the answer to the proposal of the lowest id. */
export function answerDue(lost: Lost, proposer: string | undefined): Decision | undefined {
  const own = ownFound(lost);
  const { self } = lost.observation;
  if (own === undefined || !isFree(own, lost)) return undefined;
  const proposal = standingProposals(lost)
    .filter((each) => each.proposer !== self.instance && (proposer === undefined || each.proposer === proposer))
    .filter((each) => (proposer === undefined) === (each.record.kind === 'genesis') && isTrue(each, lost))
    .sort((one, other) => idOf(one.proposer, lost) - idOf(other.proposer, lost))[0];
  if (proposal === undefined || answers(own, proposal)) return undefined;
  const { record, serial } = proposal;
  return take(
    { kind: 'answer-proposal', number: record.number, proposer: proposal.proposer, proposal: serial, from: own.serial },
    `${proposal.proposer} proposes record ${record.number} upon facts that still hold, and this node stands still until that is settled.`,
  );
}

function idOf(instance: string, { reports }: Lost): number {
  return reports.find(({ report }) => report.instance === instance)?.report.id ?? Number.POSITIVE_INFINITY;
}

/** A node that has answered a proposal answers no other one while the first may still be founded. */
function isFree({ serial, binds }: FoundReport, lost: Lost): boolean {
  const named = proposalNamed(serial, binds);
  if (binds?.kind !== 'answers' || named === undefined || isVoid(lost.silence, named.serial)) return true;
  return !standingProposals(lost).some((each) => each.serial === named.serial);
}

/** Whether the proposal names every node that has reported, and relies on the facts that each of them reports now. */
function isTrue({ proposer, record, relied }: Proposal, lost: Lost): boolean {
  return lost.reports.every((found) => {
    const { instance } = found.report;
    if (!record.fenced.includes(instance)) return false;
    return instance === proposer || relied[instance] === factsOf(found);
  });
}
