// SPDX-License-Identifier: Apache-2.0
/**
 * The next record before it is one (docs/protocol.md, "Recovery by force"). A node *proposes* it and every other node
 * that it names *answers*, each in its own report; both are bound by that until an *outcome* stands, which is created
 * once: founded or void. Plain data, and what follows from it by itself.
 */
import type { Binding, FoundReport, LineageRecord } from './records.ts';

/** `lineage/000002/outcomes/<proposal>.json`: what became of a proposal. Created once, so it is one or the other. */
export type Outcome =
  | { readonly kind: 'founded'; readonly proposal: string; readonly record: LineageRecord }
  | { readonly kind: 'void'; readonly proposal: string; readonly number: number };

/** A proposal that stands in its proposer's report. */
export interface Proposal {
  readonly proposer: string;
  readonly serial: string;
  readonly record: LineageRecord;
  readonly relied: Readonly<Record<string, string>>;
}

/** From this format of a report on its agent can answer; those of the release before have none. */
const ANSWERS_FROM_FORMAT = 2;

/** Under which serial the facts of a report were first written: what it binds its node to changes the serial alone. */
export function factsOf(found: FoundReport): string {
  return found.facts ?? found.serial;
}

export function canAnswer(found: FoundReport): boolean {
  return (found.format ?? 1) >= ANSWERS_FROM_FORMAT;
}

/** Which proposal a report speaks of: its own, or the one that it answers. */
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
