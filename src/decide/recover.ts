// SPDX-License-Identifier: Apache-2.0
/**
 * Recovery by force (docs/protocol.md, "Recovery by force"): silent → fenced → owner or joiner. Pure.
 *
 * Invariant 1, one history: every instance that is not gone for good must do three things before a new record is
 * written. It stands still behind a durable fence, has reported that, and has bound itself to stand still until the
 * outcome is known. Only the owner of a record acts on it.
 * Invariant 2: data is copied or renamed aside, never removed.
 */

import { isSourceCopy, mayHaveFounded, NO_DATA, recoverable, votingObstacle } from '../facts/data.ts';
import { unfencedOf } from '../facts/fenced.ts';
import { isGone } from '../facts/lives.ts';
import { chosenClaim } from '../facts/own-claim.ts';
import { unreadable } from '../model/disk.ts';
import type { Observation, Shared, Silence } from '../model/observation.ts';
import type { ForcedRecord, LineageRecord, Report } from '../model/records.ts';
import { type Decision, take, wait, waitForFact } from '../model/step.ts';
import { awaitInstance, awaitOverdue, awaitQuorum, endLost, writeAnew } from './advise.ts';
import { whatHoldsAside } from './aside.ts';
import { mendOwnConfig } from './failed-start.ts';
import { decideForce, LOST_AND_HEARD } from './force.ts';
import { awaitedVoters, countingReports, unheard, whatHoldsCounting, whoHoldsCounting } from './lost.ts';
import { lineageOfEpoch } from './rank.ts';
import { outnumbered } from './remove.ts';
import { whyNotNow } from './why-not-now.ts';

/** What this node reports now (Recovery 1). */
export function ownReport(observation: Observation, newest: LineageRecord): Report {
  const { disk, self } = observation;
  const records = observation.shared.known ? observation.shared.value.records : [newest];
  const obstacle = votingObstacle(observation, newest.number);
  const id = disk.id ?? claimedId(observation);
  return {
    instance: self.instance,
    address: self.address,
    record: newest.number,
    fenced: disk.fence !== undefined,
    canVote: obstacle === undefined,
    ...(id === undefined ? {} : { id }),
    ...(disk.stamp === undefined ? {} : { lineage: disk.stamp.lineage }),
    ...(disk.volume === undefined ? {} : { volume: disk.volume }),
    ...(disk.data === undefined ? {} : { data: disk.data }),
    ...(disk.config === undefined ? {} : { config: disk.config }),
    ...(disk.pending === undefined ? {} : { pending: disk.pending }),
    // A copy of the node's present data offers nothing more. It is made while the facts must stay equal, so the report
    // leaves it out.
    aside: disk.aside
      .filter((aside) => !isSourceCopy(aside, disk, newest.number + 1))
      .map((aside) => ({ ...aside, lineage: aside.lineage || lineageOfEpoch(aside.data, records) })),
    ...(obstacle === undefined || obstacle === NO_DATA ? {} : { obstacle }),
    ...(disk.unreadable === undefined ? {} : { unreadable: disk.unreadable }),
  };
}

/** Where the id file can't be read: the id under which the other nodes know this node's data. */
function claimedId(observation: Observation): number | undefined {
  const { shared, disk } = observation;
  if (!shared.known || unreadable(disk, 'id') === undefined) return undefined;
  return chosenClaim(observation, shared.value)?.id;
}

/**
 * The part of a report that matters to its readers. The last zxid of an unfenced node does not matter: a running server
 * moves it all the time, and only fenced nodes are ranked.
 */
export function reportDigest(report: Report): string {
  const known = digests.get(report);
  if (known !== undefined) return known;
  const digest = digestOf(report);
  digests.set(report, digest);
  return digest;
}

const digests = new WeakMap<Report, string>();

function digestOf(report: Report): string {
  const { data, ...rest } = report;
  if (report.fenced || data === undefined) return JSON.stringify(report);
  const { lastZxid: _, ...lasting } = data;
  return JSON.stringify({ ...rest, data: lasting });
}

/** Recovery 6: the owner of a forced record founds its ensemble once. Afterwards it restarts like any other node. */
export function decideFounding(
  observation: Observation,
  newest: LineageRecord,
  silence: Silence,
): Decision | undefined {
  if (newest.kind !== 'forced' || newest.owner.instance !== observation.self.instance) return undefined;
  const { disk } = observation;
  if (disk.stamp?.lineage === newest.number || !hasSource(observation, newest)) return undefined;
  // The node then acts like any other node, and a person mends its stamp (Advice 4).
  if (mayHaveFounded(newest, unreadable(disk, 'stamp') !== undefined, disk)) return undefined;
  const held = whyNotNow(observation);
  if (held) {
    return waitForFact(
      `Record ${newest.number} makes this node the owner of what follows, and that is held back: ${held.why}.`,
      held.fact,
    );
  }
  if (!disk.fence) {
    return take(
      { kind: 'raise-fence', record: newest.number - 1 },
      'The owner of a forced record founds its ensemble behind its fence.',
    );
  }
  const [unfenced] = unfencedOf(newest, {
    self: observation.self.instance,
    reports: silence.reports,
    isGone: (instance) => isGone(observation, instance),
    hasStarted: () => false,
  });
  if (unfenced) {
    return wait(
      `Before this node founds the ensemble of record ${newest.number}, ${unfenced} must be fenced again or gone for good.`,
      undefined,
      awaitOverdue({ observation, reports: silence.reports }, [unfenced]),
    );
  }
  if (newest.source.aside !== undefined && disk.data) {
    const why = `Record ${newest.number} makes this node the owner of what follows, from data set aside, and other data is in its place.`;
    const full = whatHoldsAside(observation, why);
    if (full) return full;
  }
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

/** The next step of reporting, fencing and recovering, for a node without quorum that finds no leader to follow. */
export function decideSilence(
  observation: Observation,
  shared: Shared,
  newest: LineageRecord,
  silence: Silence,
): Decision {
  const { disk, self } = observation;
  const obstacle = votingObstacle(observation, newest.number);
  const able = obstacle === undefined;
  if (!able && !disk.fence) {
    if (
      observation.server.upMs !== undefined &&
      observation.server.upMs < observation.limits.recoveryQuietMs &&
      disk.stamp?.lineage === newest.number
    ) {
      return wait(
        'The server of this node is new and empty, and the leader it was to follow does not answer at the moment.',
      );
    }
    return take(
      { kind: 'raise-fence', record: newest.number },
      obstacle === NO_DATA
        ? 'Nobody answers as the leader and this node has no data to vote with, so its server stands still.'
        : `Nobody answers as the leader and this node can't vote, so its server stands still: ${obstacle.replace(/\.$/, '')}.`,
    );
  }
  // Recovery 1: a server that serves follows a leader and has a quorum, even if that ensemble is not known to be ours.
  if (observation.server.answer.kind === 'serving') {
    return wait(
      'The server of this node serves, so there is a quorum, and no leader of this cluster was found: it may be slow to answer, or most voters of its ensemble are none of this cluster.',
      undefined,
      outnumbered(observation),
    );
  }
  const report = ownReport(observation, newest);
  const standing = countingReports(observation, silence, newest);
  const written = standing.find((entry) => entry.report.instance === self.instance);
  const digest = digestOf(report);
  const told = written !== undefined && reportDigest(written.report) === digest;
  // The node judges by what it is about to report, before it has reported it.
  const reports = told
    ? standing
    : [...standing.filter((entry) => entry !== written), { report, serial: '', ageMs: 0 }];
  const awaited = awaitedVoters(observation, shared, reports, newest, silence);
  const silent = unheard(observation, shared, silence, reports);
  if (!told) {
    // The last node to report may fence first, and then report once, already fenced.
    const fences = !awaited && silent.length === 0 && !disk.fence && !whyNotNow(observation);
    if (fences) return take({ kind: 'raise-fence', record: newest.number }, LOST_AND_HEARD);
    const restMs = observation.reportRest?.digest === digest ? observation.reportRest.forMs : 0;
    if (restMs > 0) {
      return wait(`This node has just reported, and says the same again in ${Math.ceil(restMs / 1_000)} s.`);
    }
    return take(
      { kind: 'write-report', report },
      'Nobody answers as the leader; this node says in the bucket what it knows.',
    );
  }
  const uncounted = awaited && whatHoldsCounting(reports, newest);
  if (uncounted && !(able && disk.fence)) {
    return wait(`There is no quorum, and whether it is lost for good can't be told: ${uncounted}.`, undefined, [
      ...mendOwnConfig(observation),
      ...awaitQuorum(awaited, self.instance, silence),
      ...endLost(whoHoldsCounting(reports, newest), self.instance),
    ]);
  }
  if (awaited) {
    // Recovery 4: only one change of facts lifts the fence: the quorum is not lost for good after all.
    if (able && disk.fence) {
      return take(
        { kind: 'lift-fence', record: newest.number },
        'The quorum is not lost for good after all, so this node withdraws.',
      );
    }
    const names = awaited.voters.map((voter) => `${voter.id} at ${voter.address}`).join(', ');
    return wait(
      `There is no quorum, but it is not lost for good: enough of the voters ${names} can come back.`,
      undefined,
      awaitQuorum(awaited, self.instance, silence, silent.length === 0),
    );
  }
  if (silent.length > 0) {
    const unreadable = (silence.unreadable ?? []).filter(({ instance }) => silent.includes(instance));
    const notes = (shared.unreadableNotes ?? []).filter(({ instance }) => silent.includes(instance));
    return wait(
      `The quorum is lost for good, and ${silent.join(', ')} ${silent.length > 1 ? 'have' : 'has'} not reported.${aboutUnreadable([...unreadable, ...notes])}`,
      undefined,
      [...unreadable.flatMap(writeAnew), ...silent.flatMap(awaitInstance)],
    );
  }
  return decideForce({ observation, shared, newest, silence, reports });
}

function aboutUnreadable(unreadable: NonNullable<Silence['unreadable']>): string {
  return unreadable.map(({ key, why }) => ` The object ${key} can't be understood: ${why}.`).join('');
}
