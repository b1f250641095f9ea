// SPDX-License-Identifier: Apache-2.0
/**
 * Whether the quorum is lost for good, and which nodes have not reported (docs/protocol.md, "Words" and "Recovery by
 * force"). Pure. A recovery by force counts only nodes that are gone for good, never those that shut down, are silent
 * or unknown.
 */

import { isUnclaimed, whatLinesHold } from '../facts/by-hand.ts';
import { isGone, lifeOfMember } from '../facts/lives.ts';
import type { AwaitedQuorum } from '../model/advice.ts';
import { highestGenerations, instancesBehind, ownerKey, ownersOf } from '../model/claims.ts';
import { unreadable } from '../model/disk.ts';
import { type EnsembleConfig, type Member, quorumOf, votersOf } from '../model/member.ts';
import type { Observation, Shared, Silence } from '../model/observation.ts';
import type { FoundReport, GoneMember, LineageRecord, Report } from '../model/records.ts';
import { epochOf, ZXID_ZERO } from '../model/zxid.ts';

/** The reports that count: those for the newest record, of instances that are not gone for good. */
export function countingReports(
  observation: Observation,
  silence: Silence,
  newest: LineageRecord,
): readonly FoundReport[] {
  return silence.reports.filter(
    ({ report }) => report.record === newest.number && !isGone(observation, report.instance),
  );
}

/** What a recovery is decided from. `reports` are those that count, this node's own among them. */
export interface Lost {
  readonly observation: Observation;
  readonly shared: Shared;
  readonly newest: LineageRecord;
  readonly silence: Silence;
  readonly reports: readonly FoundReport[];
}

interface Voter {
  readonly id: number;
  readonly address: string;
  /** Known only for the members of a record, because the record names their instances. */
  readonly instance?: string;
}

function recordVoters(record: LineageRecord): readonly Voter[] {
  return record.kind === 'genesis' ? record.members : [record.owner];
}

/** The highest committed config in a report counts. Without one, the newest record counts, as a config of version 0. */
function committedVoters(
  reports: readonly Report[],
  newest: LineageRecord,
): { version: string; voters: readonly Voter[] } {
  let highest: EnsembleConfig | undefined;
  for (const report of reports) {
    if (report.lineage !== newest.number || !report.config) continue;
    // A config that an agent wrote for a start was never committed (Recovery 10).
    if (epochOf(report.config.version) <= newest.epochFloor) continue;
    if (!highest || highest.version < report.config.version) highest = report.config;
  }
  return highest
    ? { version: highest.version, voters: votersOf(highest) }
    : { version: ZXID_ZERO, voters: recordVoters(newest) };
}

function pendingVoters(
  reports: readonly Report[],
  newest: LineageRecord,
  version: string,
): readonly (readonly Member[])[] {
  return reports.flatMap((report) =>
    report.lineage === newest.number && report.pending && report.pending.version > version
      ? [votersOf(report.pending)]
      : [],
  );
}

function isOut(observation: Observation, shared: Shared, reports: readonly Report[], voter: Voter): boolean {
  if (voter.instance ? isGone(observation, voter.instance) : lifeOfMember(observation, voter) === 'gone') return true;
  const instances = behind(shared, voter);
  return reports.some((report) => instances.includes(report.instance) && !report.canVote);
}

function hasLostConfig(shared: Shared, reports: readonly Report[], voter: Voter): boolean {
  const instances = behind(shared, voter);
  return reports.some((report) => instances.includes(report.instance) && unreadable(report, 'config') !== undefined);
}

/** Joining 11: why the voters of a reported config can't be counted. Undefined when they all can. */
export function whatHoldsCounting(found: readonly FoundReport[], newest: LineageRecord): string | undefined {
  const [held] = found.flatMap(({ report }) => linesIn(report, newest) ?? []);
  return held;
}

/** Whose reports those are. Only the agent of such an instance writes its report anew. */
export function whoHoldsCounting(found: readonly FoundReport[], newest: LineageRecord): readonly string[] {
  return found.filter(({ report }) => linesIn(report, newest)).map(({ report }) => report.instance);
}

function linesIn(report: Report, newest: LineageRecord): string | undefined {
  if (report.lineage !== newest.number) return undefined;
  return whatLinesHold(report.config) ?? whatLinesHold(report.pending);
}

/** The voters that are awaited while the quorum may come back. */
export interface Awaited {
  readonly voters: readonly Voter[];
  /** Their instances. */
  readonly instances: readonly string[];
  /** For each config that counts: how many instances it needs, and of which. Empty where votes can't be counted. */
  readonly quorums: readonly AwaitedQuorum[];
  /** The voters that nobody claimed. */
  readonly added: readonly Voter[];
  /** The words of a person that would count about them (Recovery 11). */
  readonly words: readonly GoneMember[];
}

/** Undefined when the quorum is lost for good. */
export function awaitedVoters(
  observation: Observation,
  shared: Shared,
  found: readonly FoundReport[],
  newest: LineageRecord,
  silence: Silence,
): Awaited | undefined {
  const reports = found.map((entry) => entry.report);
  const committed = committedVoters(reports, newest);
  // A server whose config can't be read any more waits for members that nobody knows.
  const nameless = reports.every((report) => report.lineage !== newest.number || !report.config);
  const isLost = (voter: Voter): boolean =>
    isOut(observation, shared, reports, voter) || (nameless && hasLostConfig(shared, reports, voter));
  const countable = whatHoldsCounting(found, newest) === undefined;
  const quorums: AwaitedQuorum[] = [];
  const allAdded = new Map<string, Voter>();
  const words = new Map<string, GoneMember>();
  const declared = new Set<string>();
  for (const voters of [committed.voters, ...pendingVoters(reports, newest, committed.version)]) {
    const left = voters.filter((voter) => !isLost(voter));
    const needs = quorumOf(voters.length);
    // A voter that a person added counts as one that can run: no fact says otherwise.
    const added = left.filter((voter) => isAdded(observation, voter));
    const ours = left.filter((voter) => !added.includes(voter));
    // Without the added voters there is no quorum, and by themselves they are none.
    const counting = ours.length < needs && added.length < needs ? added : [];
    const seen = { reports, newest, left: namesOf(shared, ours), unable: unableOf(observation, shared, voters, left) };
    const due = counting.map((voter) => wordAbout(voter, seen));
    const given = due.filter((word) => isGiven(word, silence)).map(({ address }) => address);
    if (countable && left.length - given.length < needs) return undefined;
    for (const word of due) if (!given.includes(word.address)) words.set(word.address, words.get(word.address) ?? word);
    for (const address of given) declared.add(address);
    const awaited = added.filter(({ address }) => !given.includes(address));
    const of = left.flatMap((voter) => behind(shared, voter)).filter((instance) => !isGone(observation, instance));
    for (const voter of awaited) allAdded.set(voter.address, voter);
    quorums.push({ needs: needs - awaited.length, of: [...new Set(of)] });
  }
  const voters = committed.voters.filter((voter) => !isLost(voter) && !declared.has(voter.address));
  const instances = [...new Set(quorums.flatMap(({ of }) => of))];
  return {
    voters,
    instances,
    quorums: countable ? quorums : [],
    added: [...allAdded.values()],
    words: countable ? [...words.values()] : [],
  };
}

/** What a person's word about a voter is given for, besides that voter itself. */
interface SeenLeft {
  readonly reports: readonly Report[];
  readonly newest: LineageRecord;
  readonly left: readonly string[];
  readonly unable: readonly string[];
}

/**
 * Recovery 11: what a person can say about a voter that nobody claimed, where no quorum is possible without a node of
 * ours. So a server that returns after all commits nothing behind its back.
 */
function wordAbout({ id, address }: Voter, { reports, newest, left, unable }: SeenLeft): GoneMember {
  const own = reports.filter(({ lineage }) => lineage === newest.number);
  const epoch = own.reduce((highest, { data }) => Math.max(highest, data?.currentEpoch ?? 0), 0);
  return { record: newest.number, id, address, epoch, left, ...(unable.length === 0 ? {} : { unable }) };
}

/**
 * Whether a person said so, and nothing shows that the server was back since. A quorum since then needed a node that
 * the word names. Each of them is still there and can do what it could then, so it would know of that quorum's epoch.
 */
function isGiven(word: GoneMember, { gone = [] }: Silence): boolean {
  const { record, id, address, epoch } = word;
  return gone.some(
    (said) =>
      said.record === record &&
      said.id === id &&
      said.address === address &&
      said.epoch >= epoch &&
      areSame(said.left, word.left) &&
      areSame(said.unable ?? [], word.unable ?? []),
  );
}

function areSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((each) => others.includes(each));
}

function namesOf(shared: Shared, left: readonly Voter[]): readonly string[] {
  return [...new Set(left.flatMap((voter) => behind(shared, voter)))].sort();
}

/** The instances behind those voters that can't vote, and are not gone for good. */
function unableOf(
  observation: Observation,
  shared: Shared,
  voters: readonly Voter[],
  left: readonly Voter[],
): readonly string[] {
  const unable = voters.filter((voter) => !left.includes(voter));
  return namesOf(shared, unable).filter((instance) => !isGone(observation, instance));
}

function isAdded(observation: Observation, voter: Voter): boolean {
  return voter.instance === undefined && isUnclaimed(observation, voter);
}

function behind(shared: Shared, voter: Voter): readonly string[] {
  return voter.instance ? [voter.instance] : instancesBehind(shared.claims, voter);
}

/** Recovery 3: every instance that is not gone for good has to report, unless it never claimed an id. */
export function unheard(
  observation: Observation,
  shared: Shared,
  silence: Silence,
  heard: readonly FoundReport[],
): readonly string[] {
  const claimants = new Set(ownersOf(shared.claims));
  // A report that can't be understood still has an author, even if no list shows that instance.
  const torn = (silence.unreadable ?? []).map(({ instance }) => instance);
  const silent = [...new Set([...silence.instances, ...torn])].filter((instance) => {
    if (isGone(observation, instance) || heard.some(({ report }) => report.instance === instance)) return false;
    if (torn.includes(instance)) return true;
    const unclaimedForMs = silence.unclaimedForMs[instance] ?? 0;
    return claimants.has(instance) || unclaimedForMs < observation.limits.unclaimedMs;
  });
  const claims = [...highestGenerations(shared.claims).values()].filter((claim) => claim.owner === 'unreadable');
  return [...silent, ...claims.map((claim) => `whoever wrote the unreadable object ${ownerKey(claim)}`)];
}
