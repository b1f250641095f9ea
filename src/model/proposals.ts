// SPDX-License-Identifier: Apache-2.0
/**
 * The next record before it is written (docs/protocol.md, "Recovery by force"). A node *proposes* it, and every other
 * node that it names *answers*, each in its own report. Both are bound by that until there is an *outcome*, which is
 * created once: founded or void. This file has the plain data, and what follows from the data alone.
 */
import type { Binding, FoundReport, LineageRecord } from './records.ts';

/**
 * `lineage/000002/outcomes/<proposal>.json`: what became of a proposal. It is created once, so it can only be one of
 * the two.
 */
export type Outcome =
  | { readonly kind: 'founded'; readonly proposal: string; readonly record: LineageRecord }
  | { readonly kind: 'void'; readonly proposal: string; readonly number: number };

/** A proposal in its proposer's report. */
export interface Proposal {
  readonly proposer: string;
  readonly serial: string;
  readonly record: LineageRecord;
  readonly relied: Readonly<Record<string, string>>;
}

/** Agents that write this report format, or a later one, can answer. Reports of the release before have no format. */
const ANSWERS_FROM_FORMAT = 2;

/**
 * The serial under which the facts of a report were first written. When only a binding is added or changed, the
 * report's own serial changes, and this one does not.
 */
export function factsOf(found: FoundReport): string {
  return found.facts ?? found.serial;
}

export function canAnswer(found: FoundReport): boolean {
  return (found.format ?? 1) >= ANSWERS_FROM_FORMAT;
}

/** The proposal that a report is about: its own, or the one that it answers. */
export function proposalNamed(
  serial: string,
  binds: Binding | undefined,
): { readonly serial: string; readonly number: number } | undefined {
  if (binds === undefined) return undefined;
  if (binds.kind === 'proposes') return { serial, number: binds.record.number };
  return { serial: binds.proposal, number: binds.record };
}

export function proposalIn({ report, serial, binds }: FoundReport): Proposal | undefined {
  if (binds?.kind !== 'proposes') return undefined;
  return { proposer: report.instance, serial, record: binds.record, relied: binds.relied };
}
