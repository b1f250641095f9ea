// SPDX-License-Identifier: Apache-2.0
/**
 * The quorum is lost for good, and everybody has reported: which record follows, and who proposes it (docs/protocol.md,
 * "Recovery by force"). Pure.
 */

import { whatRunsByHand } from '../facts/by-hand.ts';
import { isSourceCopy, mayHaveFounded, recoverable } from '../facts/data.ts';
import { isGone } from '../facts/lives.ts';
import { chosenClaim } from '../facts/own-claim.ts';
import type { Advice } from '../model/advice.ts';
import { type UnreadableFile, unreadable } from '../model/disk.ts';
import type { Observation } from '../model/observation.ts';
import { factsOf } from '../model/proposals.ts';
import type { ForcedRecord, FoundReport, LineageRecord, Report } from '../model/records.ts';
import { adviceOf, type Decision, take, wait, waitForFact } from '../model/step.ts';
import { awaitClaims, awaitOverdue, bringDataBack, mendAhead } from './advise.ts';
import { stopAdded } from './advise-by-hand.ts';
import { awaitTheOne, firstMembers, neverStarted } from './genesis.ts';
import type { Lost } from './lost.ts';
import { answerDue, ownProposal, proposeOrAccept, standingProposals } from './propose.ts';
import { aheadOf, bestCandidate, epochFloor } from './rank.ts';
import { whyNotNow } from './why-not-now.ts';

export const LOST_AND_HEARD =
  'The quorum is lost for good and everybody has reported, so this node stands still before the recovery.';

/**
 * The record that is to follow. `mine`: this node proposes it. `theirs`: another node does; undefined stands for any
 * other. `nobody`: no node can.
 */
type Next =
  | ({ readonly kind: 'mine'; readonly record: LineageRecord } & Told)
  | ({ readonly kind: 'theirs'; readonly proposer: string | undefined } & Told)
  | ({ readonly kind: 'nobody' } & Told);

interface Told {
  readonly why: string;
  /** What a person may do about it. */
  readonly advice?: readonly Advice[];
}

/** The steps: raise the fence, watch the facts, then have the next record proposed, answered and accepted. */
export function decideForce(lost: Lost): Decision {
  const { observation, newest, silence, reports } = lost;
  const held = whyNotNow(observation);
  if (held) return waitForFact(`The quorum is lost for good, and the recovery is held back: ${held.why}.`, held.fact);
  if (!observation.disk.fence) {
    return take({ kind: 'raise-fence', record: newest.number }, LOST_AND_HEARD);
  }
  const { byHand = [] } = silence;
  const running = whatRunsByHand(byHand);
  if (running) {
    const why = `The quorum is lost for good, and nothing is recovered by force yet: ${running}.`;
    return wait(why, undefined, stopAdded(byHand));
  }
  const unfenced = reports.filter((entry) => !entry.report.fenced);
  if (unfenced.length > 0) {
    return wait(
      `The quorum is lost for good; ${unfenced.map((entry) => entry.report.instance).join(', ')} will fence next.`,
      undefined,
      awaitOverdue(
        lost,
        unfenced.map((entry) => entry.report.instance),
      ),
    );
  }
  const owner = pendingOwner(observation, newest, reports);
  if (owner) {
    return wait(
      `Record ${newest.number} belongs to ${owner}, which has not founded its ensemble yet; only it may act on the record.`,
      undefined,
      awaitOverdue(lost, [owner]),
    );
  }
  // Recovery 5: one process must see equal facts twice. What binds a node does not change its facts.
  const digest = JSON.stringify([newest.number, reports.map(factsOf).sort(), [...silence.instances].sort()]);
  const { watch, limits } = observation;
  const watchedForMs = watch?.digest === digest ? watch.forMs : undefined;
  const next = nextRecord(lost);
  const ripe = watchedForMs !== undefined && watchedForMs >= limits.recoveryQuietMs;
  const step = stepTowards(next, lost, { watched: watchedForMs !== undefined, ripe });
  if (step?.kind === 'step') return step;
  const why = step?.why ?? next.why;
  // A first look gives the same advice, because `zk-agent status` never looks twice (Advice 1).
  const advice = next.kind === 'mine' ? adviceOf(proposeOrAccept(lost, next)) : next.advice;
  if (ripe) return wait(why, digest, advice);
  return wait(
    `Everybody is fenced, and the facts must stay equal for ${limits.recoveryQuietMs / 1_000} s. Then: ${next.why}`,
    digest,
    advice,
  );
}

/** The proposal, its answers and the copy of the source are made during the wait. */
function stepTowards(
  next: Next,
  lost: Lost,
  { watched, ripe }: { readonly watched: boolean; readonly ripe: boolean },
): Decision | undefined {
  if (next.kind === 'nobody' || !watched) return undefined;
  if (next.kind === 'theirs') return answerDue(lost, next.proposer);
  const due = proposeOrAccept(lost, next);
  if (due.kind === 'step' && due.step.kind === 'propose-record') return due;
  return keepSource(lost.observation, next.record) ?? (ripe ? due : undefined);
}

/** A large source takes long to copy, so the copy is made during the wait. */
function keepSource({ disk }: Observation, record: LineageRecord): Decision | undefined {
  if (record.kind !== 'forced') return undefined;
  const { number, source } = record;
  if (source.aside !== undefined || disk.aside.some((aside) => isSourceCopy(aside, disk, number))) return undefined;
  return take(
    { kind: 'keep-source', record: number },
    'This node is about to recover from its data, so a copy of it is put aside meanwhile.',
  );
}

/** Recovery 7: the owner of the newest record, if it has not acted on the record yet and still can. Else undefined. */
function pendingOwner(
  observation: Observation,
  newest: LineageRecord,
  reports: readonly FoundReport[],
): string | undefined {
  if (newest.kind !== 'forced' || isGone(observation, newest.owner.instance)) return undefined;
  const found = reports.find((entry) => entry.report.instance === newest.owner.instance);
  // An owner that is not heard has blocked the recovery already. One with the record's stamp has acted, and ranks like
  // any other node.
  if (!found || found.report.lineage === newest.number) return undefined;
  const { report } = found;
  if (mayHaveFounded(newest, unreadable(report, 'stamp') !== undefined, report)) return undefined;
  const source = newest.source.aside
    ? report.aside.find((aside) => aside.name === newest.source.aside)?.data
    : report.data;
  return recoverable(source) ? newest.owner.instance : undefined;
}

/** Recovery 5: the node with the best data comes first. */
function nextRecord(lost: Lost): Next {
  const { observation, shared, newest } = lost;
  const reports = lost.reports.map((entry) => entry.report);
  const best = bestCandidate(reports);
  if (!best) return nextGenesis(lost);
  const ahead = aheadOf(best, reports);
  if (ahead) {
    return nobody(
      `${ahead.report.instance} has, or may have, newer data${ahead.data ? ` (zxid ${ahead.data.lastZxid})` : ''} than all others. ${ahead.why} Without it node ${best.id} (${best.instance}) has the best.`,
      mendAhead(ahead, best),
    );
  }
  if (best.instance !== observation.self.instance) {
    return {
      kind: 'theirs',
      proposer: best.instance,
      why: `Node ${best.id} (${best.instance}) has the best data: epoch ${best.data.currentEpoch}, zxid ${best.data.lastZxid}. It recovers next.`,
      advice: awaitOverdue(lost, [best.instance]),
    };
  }
  const claim = chosenClaim(observation, shared);
  if (!claim) return nobody('This node has the best data, but no claim on an id.');
  const { instance, address } = observation.self;
  const { volume } = observation.disk;
  const record: ForcedRecord = {
    kind: 'forced',
    number: newest.number + 1,
    owner: { id: claim.id, generation: claim.generation, instance, address },
    ...(volume === undefined ? {} : { volume }),
    fenced: reports.map((report) => report.instance).sort(),
    epochFloor: epochFloor(reports, newest.epochFloor),
    source: best.aside === undefined ? { lineage: best.lineage } : { lineage: best.lineage, aside: best.aside },
  };
  return {
    kind: 'mine',
    record,
    why: `This node has the best data: epoch ${best.data.currentEpoch}, zxid ${best.data.lastZxid}${best.aside ? `, set aside as ${best.aside}` : ''}.`,
  };
}

/** The unreadable files of a report behind which there may be data of this cluster. */
function holdsUnknown(report: Report): readonly UnreadableFile[] {
  return (report.unreadable ?? []).filter(
    ({ what }) => what === 'aside' || (what === 'stamp' && report.data !== undefined),
  );
}

function nobody(why: string, advice: readonly Advice[] = []): Next {
  return { kind: 'nobody', why, advice };
}

/**
 * Recovery 8 and Genesis 5: an empty ensemble takes the place of lost data only when there can't be any, or when an
 * operator asks for it. Unasked, the member with the lowest id proposes it. If operators asked several nodes, the
 * others answer the proposal of the lowest id.
 */
function nextGenesis(lost: Lost): Next {
  const { observation, shared, newest, silence } = lost;
  const reports = lost.reports.map((entry) => entry.report);
  const { instance } = observation.self;
  const others = standingProposals(lost).filter(
    ({ proposer, record }) => record.kind === 'genesis' && proposer !== instance,
  );
  // The proposer may hang, and no other node acts on its proposal.
  const theirs = (why: string): Next => {
    const proposers = others.map(({ proposer }) => proposer);
    return { kind: 'theirs', proposer: undefined, why, advice: awaitOverdue(lost, proposers) };
  };
  const asked = observation.order.allowEmptyGenesis || ownProposal(lost)?.record.kind === 'genesis';
  const unknown = reports.flatMap((report) =>
    holdsUnknown(report).map(
      ({ file, why }) => ` On ${report.instance} ${file} can't be understood (${why}), and may hold data.`,
    ),
  );
  const unasked = unknown.length === 0 && neverStarted(shared.records, silence.announcements);
  if (!asked && !unasked) {
    const damaged = reports.filter((report) => report.data?.damage !== undefined);
    const repair = damaged.map((report) => ` ${report.instance} has damaged data: ${report.data?.damage}`);
    const why = `Nobody who is left has whole data of this cluster (newest record ${newest.number}).${[...repair, ...unknown].join('')} Nothing empty is put in its place unasked.`;
    if (others.length > 0) return theirs(why);
    const mended = reports.filter((report) => damaged.includes(report) || holdsUnknown(report).length > 0);
    return nobody(why, bringDataBack(mended, instance));
  }
  const fenced = reports.map((report) => report.instance).sort();
  const next = { number: newest.number + 1, fenced, epochFloor: epochFloor(reports, newest.epochFloor) };
  const first = firstMembers(observation, shared, next);
  if (!('record' in first)) {
    if (others.length > 0) return theirs(first.why);
    return nobody(first.why, first.tooFew ? awaitClaims(lost) : awaitTheOne(first));
  }
  const { record, why } = first;
  const idOf = (proposer: string) =>
    reports.find((report) => report.instance === proposer)?.id ?? Number.POSITIVE_INFINITY;
  const lower = others.map(({ proposer }) => proposer).filter((proposer) => idOf(proposer) < idOf(instance));
  const [lowest] = record.members;
  if (lower.length > 0 || (!asked && lowest?.instance !== instance)) {
    // The node that is to propose may hang, and then says nothing any more.
    const awaited = lower.length > 0 ? lower : record.members.slice(0, 1).map((member) => member.instance);
    return { kind: 'theirs', proposer: undefined, why, advice: awaitOverdue(lost, awaited) };
  }
  return { kind: 'mine', record, why };
}
