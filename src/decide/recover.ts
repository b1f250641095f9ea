/**
 * Recovery by force (docs/protocol.md, "Recovery by force"): silent → fenced → owner or joiner. Pure.
 *
 * Invariant 1, one history: a new record is written only after every instance that is not gone for good stands still
 * behind a durable fence and has said so, twice seen with equal facts; and only its owner acts on it.
 * Invariant 2: data is copied or renamed aside, never removed.
 */
import type { Observation, Shared, Silence } from '../model/observation.ts';
import type { ForcedRecord, FoundReport, LineageRecord, Report } from '../model/records.ts';
import { type Decision, take, wait } from '../model/step.ts';
import { chosenClaim } from './claim.ts';
import { canVote, isSourceCopy, recoverable } from './data.ts';
import { unfencedOf } from './fenced.ts';
import { decideGenesis, neverStarted } from './genesis.ts';
import { heldBack } from './hold.ts';
import { isGone } from './lives.ts';
import { awaitedVoters, countingReports, unheard } from './lost.ts';
import { bestCandidate, damagedAhead, epochFloor } from './rank.ts';

const LOST_AND_HEARD =
  'The quorum is lost for good and everybody has reported, so this node stands still before the recovery.';

/** What this node reports now (Recovery 1). */
export function ownReport(observation: Observation, newest: LineageRecord): Report {
  const { disk, self } = observation;
  return {
    instance: self.instance,
    address: self.address,
    record: newest.number,
    fenced: disk.fence !== undefined,
    canVote: canVote(disk, newest.number),
    ...(disk.id === undefined ? {} : { id: disk.id }),
    ...(disk.stamp === undefined ? {} : { lineage: disk.stamp.lineage }),
    ...(disk.data === undefined ? {} : { data: disk.data }),
    ...(disk.config === undefined ? {} : { config: disk.config }),
    ...(disk.pending === undefined ? {} : { pending: disk.pending }),
    // The copy of the very data above is nothing more to offer, and is made while the facts must stay equal.
    aside: disk.aside.filter((aside) => !isSourceCopy(aside, disk, newest.number + 1)),
  };
}

/** Recovery 6: the owner of a forced record founds its ensemble once; afterwards it restarts like any other node. */
export function decideFounding(
  observation: Observation,
  newest: LineageRecord,
  silence: Silence,
): Decision | undefined {
  if (newest.kind !== 'forced' || newest.owner.instance !== observation.self.instance) return undefined;
  const { disk } = observation;
  if (disk.stamp?.lineage === newest.number || !hasSource(observation, newest)) return undefined;
  const held = heldBack(observation);
  if (held)
    return wait(`Record ${newest.number} makes this node the owner of what follows, and that is held back: ${held}.`);
  if (!disk.fence)
    return take(
      { kind: 'raise-fence', record: newest.number - 1 },
      'The owner of a forced record founds its ensemble behind its fence.',
    );
  const [unfenced] = unfencedOf(newest, {
    self: observation.self.instance,
    reports: silence.reports,
    isGone: (instance) => isGone(observation, instance),
    hasStarted: () => false,
  });
  if (unfenced)
    return wait(
      `Before this node founds the ensemble of record ${newest.number}, ${unfenced} must be fenced again or gone for good.`,
    );
  const gone = newest.fenced.filter((instance) => isGone(observation, instance));
  return take(
    { kind: 'found-forced', record: newest, gone },
    `Record ${newest.number} makes this node the owner, and everybody whom it names is still fenced.`,
  );
}

function hasSource(observation: Observation, record: ForcedRecord): boolean {
  const { disk } = observation;
  const { aside, lineage } = record.source;
  if (aside !== undefined) return disk.aside.some((facts) => facts.name === aside && recoverable(facts.data));
  return disk.stamp?.lineage === lineage && recoverable(disk.data);
}

/** A node without quorum and without a leader to follow: the next step of reporting, fencing and recovering. */
export function decideSilence(
  observation: Observation,
  shared: Shared,
  newest: LineageRecord,
  silence: Silence,
): Decision {
  const { disk, self } = observation;
  const able = canVote(disk, newest.number);
  if (!able && !disk.fence) {
    if (
      observation.server.upMs !== undefined &&
      observation.server.upMs < observation.limits.equalFactsMs &&
      disk.stamp?.lineage === newest.number
    ) {
      return wait(
        'The server of this node is new and empty, and the leader it was to follow does not answer at the moment.',
      );
    }
    return take(
      { kind: 'raise-fence', record: newest.number },
      'Nobody answers as the leader and this node has no data to vote with, so its server stands still.',
    );
  }
  const report = ownReport(observation, newest);
  const standing = countingReports(observation, silence, newest);
  const written = standing.find((entry) => entry.report.instance === self.instance);
  const told = written !== undefined && JSON.stringify(written.report) === JSON.stringify(report);
  // What this node is about to say counts for its own judgement already.
  const reports = told
    ? standing
    : [...standing.filter((entry) => entry !== written), { report, serial: '', ageMs: 0 }];
  const awaited = awaitedVoters(observation, shared, reports, newest);
  const silent = unheard(observation, shared, silence, reports);
  if (!told) {
    // The last one to be heard need not say that it is silent first, only that it is fenced.
    const fences = !awaited && silent.length === 0 && !disk.fence && !heldBack(observation);
    if (fences) return take({ kind: 'raise-fence', record: newest.number }, LOST_AND_HEARD);
    return take(
      { kind: 'write-report', report },
      'Nobody answers as the leader; this node says in the bucket what it knows.',
    );
  }
  if (awaited) {
    // Recovery 4: a quorum that is not lost for good after all is a change of facts; nothing else is.
    if (able && disk.fence)
      return take(
        { kind: 'lift-fence', record: newest.number },
        'The quorum is not lost for good after all, so this node withdraws.',
      );
    const names = awaited.map((voter) => `${voter.id} at ${voter.address}`).join(', ');
    return wait(
      `There is no quorum, but it is not lost for good: enough of the voters ${names} can come back. Start them again; or terminate the instances that can't be saved.`,
    );
  }
  if (silent.length > 0) {
    return wait(
      `The quorum is lost for good, and ${silent.join(', ')} ${silent.length > 1 ? 'have' : 'has'} not reported: wait, look at its agent's log, or terminate it (that is the only proof that it will not come back).`,
    );
  }
  return decideForce(observation, shared, newest, silence, reports);
}

/** Lost for good and everybody heard: fence, watch, and write the next record. */
function decideForce(
  observation: Observation,
  shared: Shared,
  newest: LineageRecord,
  silence: Silence,
  reports: readonly FoundReport[],
): Decision {
  const held = heldBack(observation);
  if (held) return wait(`The quorum is lost for good, and the recovery is held back: ${held}.`);
  if (!observation.disk.fence) {
    return take({ kind: 'raise-fence', record: newest.number }, LOST_AND_HEARD);
  }
  const unfenced = reports.filter((entry) => !entry.report.fenced);
  if (unfenced.length > 0)
    return wait(
      `The quorum is lost for good; ${unfenced.map((entry) => entry.report.instance).join(', ')} will fence next.`,
    );
  const owner = pendingOwner(observation, newest, reports);
  if (owner)
    return wait(
      `Record ${newest.number} belongs to ${owner}, which has not founded its ensemble yet; only it may act on the record.`,
    );
  // Recovery 5: equal facts, seen twice by one process.
  const digest = JSON.stringify([
    newest.number,
    reports.map((entry) => entry.serial).sort(),
    [...silence.instances].sort(),
  ]);
  const next = decideNextRecord(observation, shared, newest, silence, reports, digest);
  const { watch, limits } = observation;
  if (watch?.digest === digest && watch.forMs >= limits.equalFactsMs) return next;
  const keep = watch?.digest === digest && keepSource(observation, next);
  if (keep) return keep;
  return wait(
    `Everybody is fenced, and the facts must stay equal for ${limits.equalFactsMs / 1_000} s. Then: ${next.why}`,
    digest,
  );
}

/** Founding begins with a copy of the source, and a large one takes long: it is made during the wait. */
function keepSource({ disk }: Observation, next: Decision): Decision | undefined {
  if (next.kind !== 'step' || next.step.kind !== 'create-forced') return undefined;
  const { number, source } = next.step.record;
  if (source.aside !== undefined || disk.aside.some((aside) => isSourceCopy(aside, disk, number))) return undefined;
  return take(
    { kind: 'keep-source', record: number },
    'This node is about to recover from its data, so a copy of it is put aside meanwhile.',
  );
}

/** Recovery 7: the owner of a record that was not acted upon yet, while it lives and can. */
function pendingOwner(
  observation: Observation,
  newest: LineageRecord,
  reports: readonly FoundReport[],
): string | undefined {
  if (newest.kind !== 'forced' || isGone(observation, newest.owner.instance)) return undefined;
  const found = reports.find((entry) => entry.report.instance === newest.owner.instance);
  // Unheard it would have blocked already; stamped with the record it has acted, and ranks like any other node.
  if (!found || found.report.lineage === newest.number) return undefined;
  const { report } = found;
  const source = newest.source.aside
    ? report.aside.find((aside) => aside.name === newest.source.aside)?.data
    : report.data;
  return recoverable(source) ? newest.owner.instance : undefined;
}

function decideNextRecord(
  observation: Observation,
  shared: Shared,
  newest: LineageRecord,
  silence: Silence,
  found: readonly FoundReport[],
  digest: string,
): Decision {
  const reports = found.map((entry) => entry.report);
  const fenced = reports.map((report) => report.instance).sort();
  const floor = epochFloor(reports, newest.epochFloor);
  const best = bestCandidate(reports);
  if (!best)
    return decideNobodyHasData(
      observation,
      shared,
      newest,
      silence,
      { number: newest.number + 1, fenced, epochFloor: floor },
      reports,
      digest,
    );
  const ahead = damagedAhead(reports, best);
  if (ahead) {
    return wait(
      `${ahead.instance} has newer data (zxid ${ahead.data?.lastZxid}) than all others, and no server starts on it: ${ahead.data?.damage} Mend it, or terminate ${ahead.instance} to give it up; then node ${best.id} (${best.instance}) recovers.`,
      digest,
    );
  }
  if (best.instance !== observation.self.instance) {
    return wait(
      `Node ${best.id} (${best.instance}) has the best data: epoch ${best.data.currentEpoch}, zxid ${best.data.lastZxid}. It recovers next.`,
      digest,
    );
  }
  const claim = chosenClaim(observation, shared);
  if (!claim) return wait('This node has the best data, but no claim on an id.', digest);
  const { instance, address } = observation.self;
  const record: ForcedRecord = {
    kind: 'forced',
    number: newest.number + 1,
    owner: { id: claim.id, generation: claim.generation, instance, address },
    fenced,
    epochFloor: floor,
    source: best.aside === undefined ? { lineage: best.lineage } : { lineage: best.lineage, aside: best.aside },
  };
  return take(
    { kind: 'create-forced', record },
    `This node has the best data: epoch ${best.data.currentEpoch}, zxid ${best.data.lastZxid}${best.aside ? `, set aside as ${best.aside}` : ''}.`,
  );
}

/** Recovery 8 and Genesis 5: an empty ensemble takes the place of lost data only when there can't be any, or on demand. */
function decideNobodyHasData(
  observation: Observation,
  shared: Shared,
  newest: LineageRecord,
  silence: Silence,
  next: { readonly number: number; readonly fenced: readonly string[]; readonly epochFloor: number },
  reports: readonly Report[],
  digest: string,
): Decision {
  if (neverStarted(shared.records, silence.announcements)) return decideGenesis(observation, shared, next);
  if (observation.order.allowEmptyGenesis) return decideGenesis(observation, shared, next);
  const damaged = reports.filter((report) => report.data?.damage !== undefined);
  const repair = damaged.map(
    (report) => ` ${report.instance} has data that no server starts on: ${report.data?.damage}`,
  );
  return wait(
    `Nobody who is left has data of this cluster that a server can start on (newest record ${newest.number}).${repair.join('')} Nothing empty is put in its place unasked: bring the data back, or give it up with: zk-agent recovery --allow-empty-genesis`,
    digest,
  );
}
