// SPDX-License-Identifier: Apache-2.0
/**
 * One look at the world, as plain data. The order is the protocol's (Claims 6): the config through a session opened for
 * it, then the claims, then EC2; the epoch and the records after the session; the leader's zxid before the node's own.
 */

import { AgentError } from '../errors.ts';
import { unclaimedInHook } from '../facts/lifecycle.ts';
import { instancesBehind, ownersOf } from '../model/claims.ts';
import { type GroupFact, type InstanceFact, type Known, known, unknown } from '../model/cloud.ts';
import type { DiskFacts } from '../model/disk.ts';
import type { Member } from '../model/member.ts';
import type { Ensemble, Observation, Order, ServerSigns, Shared, Silence, StackTies } from '../model/observation.ts';
import type { Changes } from '../model/step.ts';
import type { Ports } from '../ports.ts';
import { outcomesAmong, readAnnouncements, readRecords } from '../registry/lineage.ts';
import { readReports, reportsAmong } from '../registry/reports.ts';
import type { Timings } from '../timings.ts';
import { attempt } from './attempt.ts';
import { runningByHand } from './by-hand.ts';
import { firstOfOurs, observeEnsembles } from './ensemble.ts';
import { latelyOf } from './lately.ts';
import { type Lives, observeLives } from './lives.ts';
import type { Memory } from './memory.ts';
import { type Bucket, type Contents, ownIds, readBucket, readShared } from './shared.ts';

export interface Look {
  readonly ports: Ports;
  readonly order: Order;
  readonly self: Observation['self'];
  readonly timings: Timings;
  readonly memory: Memory;
  /** Absent for a node that belongs to no stack. */
  readonly stack?: StackTies;
}

/** An observation of a moment ago, most of which still stands. */
export interface Earlier {
  readonly observation: Observation;
  /** What has changed since: this node's disk and server, alone or with the reports, the records, or records and claims. */
  readonly changed: Exclude<Changes, 'the world'>;
}

/** Looks at the whole world, or again at what has changed since a moment ago. */
export async function observe(look: Look, signal: AbortSignal, earlier?: Earlier): Promise<Observation> {
  const { ports, order, self, timings, memory } = look;
  if (earlier) return observeAgain(look, earlier, signal);
  const disk = await ports.disk.read(signal);
  const [targetState, group, search] = await Promise.all([
    attempt(() => ports.metadata.targetLifecycleState(signal), signal),
    attempt(() => describeGroup(look, signal), signal),
    findEnsemble(look, disk, signal),
  ]);
  const { shared, ensemble } = search;
  const quiet = ensemble ? undefined : (search.quiet ?? (await observeQuiet(look, search.bucket, signal)));
  const instances = new Set([
    ...(group.known ? group.value.instances.map((entry) => entry.instance) : []),
    ...(quiet?.tagged.known ? quiet.tagged.value.map((fact) => fact.instance) : []),
    ...(shared.known ? ownersOf(shared.value.claims) : []),
    ...(quiet?.words.known ? (quiet.words.value.unreadable ?? []).map(({ instance }) => instance) : []),
  ]);
  // Who has no claim matters only for who could have reported, and for a hook that nobody else may ever answer.
  const others = quiet ? [...instances] : unclaimedInHook({ group, shared });
  const lives = await observeOtherLives(look, search, others, signal);
  const reports = quiet?.words.known ? quiet.words.value.reports : [];
  const byHand = quiet ? await runningByHand(ports.servers, shared, disk, reports, signal) : [];
  const silence = quiet
    ? observeSilence(look, { ...quiet, shared, group, instances: [...instances], byHand })
    : unknown(ensemble ? 'an ensemble answers' : 'there is no lineage record yet');
  return {
    order,
    self,
    targetState,
    disk,
    // After the ensemble: the leader's zxid has to be the older one.
    server: quiet?.server ?? (await observeServer(look, ensemble, signal)),
    shared,
    group,
    lives: lives.lives,
    terminated: lives.terminated,
    ensemble,
    silence,
    lately: latelyOf(disk, ports.clock.nowMs()),
    watch: memory.watch(ports.clock.monotonicMs()),
    limits: {
      ownerUnknownMs: timings.ownerUnknownMs,
      equalFactsMs: timings.equalFactsMs,
      unclaimedMs: timings.unclaimedMs,
      joinRestartMs: timings.joinRestartMs,
    },
    ...(look.stack === undefined ? {} : { stack: look.stack }),
    ...restOf(look),
  };
}

function restOf({ ports, memory }: Look): Pick<Observation, 'reportRest'> {
  const reportRest = memory.reportRest(ports.clock.monotonicMs());
  return reportRest === undefined ? {} : { reportRest };
}

/** What each of these says does not depend on the others, so they are asked at once. */
async function observeAgain(look: Look, earlier: Earlier, signal: AbortSignal): Promise<Observation> {
  const [disk, server, shared, silence] = await Promise.all([
    look.ports.disk.read(signal),
    observeServer(look, earlier.observation.ensemble, signal),
    sharedAgain(look, earlier, signal),
    silenceAgain(look, earlier, signal),
  ]);
  const { reportRest: _, ...rest } = earlier.observation;
  const lately = latelyOf(disk, look.ports.clock.nowMs());
  return { ...rest, disk, server, shared, silence, lately, ...restOf(look) };
}

/** The node's own server; beside an ensemble that it does not say to serve in, all else that can tell, too. */
async function observeServer(
  look: Look,
  ensemble: Ensemble | undefined,
  signal: AbortSignal,
): Promise<Observation['server']> {
  const server = await observeProcess(look, signal);
  if (!ensemble || server.upMs === undefined || server.answer.kind === 'serving') return server;
  return { ...server, signs: await observeSigns(look, ensemble, signal) };
}

/** Work that can't be read is no work: the other signs count all the same. */
async function observeSigns({ ports, memory }: Look, { leader }: Ensemble, signal: AbortSignal): Promise<ServerSigns> {
  const [work, learners] = await Promise.all([
    ports.server.work(signal),
    attempt(() => ports.servers.learners(leader.address, signal), signal),
  ]);
  return { idleForMs: memory.idleness.forMs(work, ports.clock.monotonicMs()), learners };
}

async function observeProcess({ ports, self }: Look, signal: AbortSignal): Promise<Observation['server']> {
  const [state, answer] = await Promise.all([ports.server.state(signal), ports.servers.srvr(self.address, signal)]);
  const upMs = state.kind === 'running' ? state.upMs : undefined;
  const ends = state.kind === 'running' ? undefined : state.ends;
  return {
    upMs,
    answer,
    ...(state.kind === 'restarting' ? { restarting: true } : {}),
    ...(ends === undefined ? {} : { ends }),
  };
}

/** The group that the instance is in. A young instance may not be listed yet, so that it is in none is only unknown. */
async function describeGroup({ ports, memory, self }: Look, signal: AbortSignal): Promise<GroupFact> {
  memory.group ??= await ports.autoScaling.groupOf(self.instance, signal);
  if (memory.group === undefined) {
    throw new AgentError(
      'NO_GROUP',
      `the instance ${self.instance} is in no Auto Scaling group`,
      'Launch it through the group of the stack; an instance by itself can be no member.',
    );
  }
  return ports.autoScaling.describe(memory.group, signal);
}

async function sharedAgain(look: Look, { observation, changed }: Earlier, signal: AbortSignal): Promise<Known<Shared>> {
  const { shared } = observation;
  if (!shared.known) return shared;
  switch (changed) {
    case 'node and shared': {
      const { disk, ensemble } = observation;
      return readShared(
        look,
        readBucket(look.ports.objects, signal),
        ownIds(look.self, disk, ensemble ? [ensemble] : []),
        signal,
      );
    }
    case 'node and records':
      return attempt(async () => ({ ...shared.value, records: await readRecords(look.ports.objects, signal) }), signal);
    default:
      return shared;
  }
}

async function silenceAgain(
  { ports }: Look,
  { observation, changed }: Earlier,
  signal: AbortSignal,
): Promise<Known<Silence>> {
  const { silence } = observation;
  if (changed !== 'node and reports' || !silence.known) return silence;
  return attempt(async () => ({ ...silence.value, ...(await readReports(ports.objects, signal)) }), signal);
}

/** The ensemble, if one answers, and the bucket as read after its config (Claims 6). */
interface Search {
  readonly shared: Known<Shared>;
  readonly bucket: Bucket;
  readonly ensemble: Ensemble | undefined;
  /** Of the owners of claims. */
  readonly lives: Lives;
  /** Looked at already where no server answered. */
  readonly quiet: Quiet | undefined;
}

/** What counts only while no ensemble answers: who could have reported, and what was said. */
interface Quiet {
  readonly tagged: Known<readonly InstanceFact[]>;
  readonly words: Known<Words>;
  /** The node's own, which without a leader may be seen at any moment of the look. */
  readonly server: Observation['server'];
}

/** Where the ensemble was last, else where the claims say that members may be. */
async function findEnsemble(look: Look, disk: DiskFacts, signal: AbortSignal): Promise<Search> {
  const { ports, memory, self } = look;
  const near = new Set([...memory.addresses, ...(disk.config?.members ?? []).map((member) => member.address)]);
  if (near.size > 0) near.add(self.address);
  // A config from before a person's addition lacks the server that leads now; whoever follows it has a later one.
  const unknown = ({ address }: Member): boolean => !near.has(address);
  const nearby = await judge(look, disk, await observeEnsembles(ports.servers, [...near], signal, unknown), signal);
  if (nearby.ensemble || !nearby.shared.known || nearby.shared.value.records.length === 0) return nearby;
  const { shared, lives } = nearby;
  const claimed = new Set<string>();
  for (const claim of shared.value.claims) {
    // Claims 7: a claimed address counts only if its instance runs.
    if (typeof claim.owner !== 'object' || lives.lives[claim.owner.instance] !== 'alive') continue;
    if (!near.has(claim.owner.address)) claimed.add(claim.owner.address);
  }
  if (claimed.size === 0) return nearby;
  // Under a leader that a person added, all that is claimed follows.
  const unclaimed = (member: Member): boolean => instancesBehind(shared.value.claims, member).length === 0;
  const elsewhere = await observeEnsembles(ports.servers, [...claimed], signal, unclaimed);
  return elsewhere.length > 0 ? judge(look, disk, elsewhere, signal) : nearby;
}

/** Reads the bucket after the configs, then EC2, and drops what is a stranger or of an older record. */
async function judge(look: Look, disk: DiskFacts, found: readonly Ensemble[], signal: AbortSignal): Promise<Search> {
  const { memory } = look;
  const bucket = readBucket(look.ports.objects, signal);
  const [{ shared, lives }, quiet] = await Promise.all([
    readShared(look, bucket, ownIds(look.self, disk, found), signal).then(async (shared) => {
      const owners = shared.known ? ownersOf(shared.value.claims) : [];
      return { shared, lives: await observeAllLives(look, shared, owners, signal) };
    }),
    // Beside the claims: each of these takes a call or two, and a node without a quorum looks often.
    found.length === 0 ? observeQuiet(look, bucket, signal) : undefined,
  ]);
  const ensemble = shared.known
    ? await firstOfOurs(look.ports.servers, found, shared.value, lives.lives, signal)
    : undefined;
  if (ensemble) {
    memory.addresses = [
      ...new Set([ensemble.leader.address, ...ensemble.config.members.map((member) => member.address)]),
    ];
  }
  return { shared, bucket, ensemble, lives, quiet };
}

/** Undefined while no record is known: before the first one nobody waits for a report. */
async function observeQuiet(look: Look, { contents }: Bucket, signal: AbortSignal): Promise<Quiet | undefined> {
  const { ports, self } = look;
  const bucket = await attempt(() => contents, signal);
  if (!bucket.known || bucket.value.records.length === 0) return undefined;
  const [tagged, words, server] = await Promise.all([
    attempt(() => ports.ec2.describeCluster(self.cluster, signal), signal),
    readWords(look, bucket.value, signal),
    observeProcess(look, signal),
  ]);
  return { tagged, words, server };
}

/** Whoever has not been asked for yet: the owners of claims were, after the bucket was read. */
async function observeOtherLives(
  look: Look,
  { shared, lives: seen }: Search,
  instances: readonly string[],
  signal: AbortSignal,
): Promise<Lives> {
  const others = instances.filter((instance) => seen.lives[instance] === undefined);
  if (others.length === 0) return seen;
  const found = await observeAllLives(look, shared, others, signal);
  return { lives: { ...seen.lives, ...found.lives }, terminated: [...seen.terminated, ...found.terminated] };
}

async function observeAllLives(
  look: Look,
  shared: Known<Shared>,
  instances: readonly string[],
  signal: AbortSignal,
): Promise<Lives> {
  const nobody: Lives = { lives: {}, terminated: [] };
  if (!shared.known) return nobody;
  const { ports, timings } = look;
  const lives = await attempt(
    () => observeLives(ports.ec2, instances, shared.value, timings.forgottenMs, signal),
    signal,
  );
  return lives.known ? lives.value : nobody;
}

/** What nodes without quorum have written down for each other. */
type Words = Pick<Silence, 'reports' | 'unreadable' | 'outcomes' | 'announcements'>;

function readWords({ ports }: Look, { keys, records }: Contents, signal: AbortSignal): Promise<Known<Words>> {
  return attempt(async () => {
    const [reports, announcements, outcomes] = await Promise.all([
      reportsAmong(ports.objects, keys, signal),
      readAnnouncements(ports.objects, records, signal),
      // Of the next record alone: all that concerns an older one is settled by the record itself.
      outcomesAmong(ports.objects, keys, records.length + 1, signal),
    ]);
    return { ...reports, announcements, outcomes };
  }, signal);
}

interface Listings extends Quiet {
  readonly shared: Known<Shared>;
  readonly group: Observation['group'];
  readonly instances: readonly string[];
  readonly byHand: readonly Member[];
}

/** Reports and announcements count only together with whole listings of who could have reported. */
function observeSilence(look: Look, { shared, words, group, tagged, instances, byHand }: Listings): Known<Silence> {
  const { ports, memory } = look;
  if (!shared.known) return shared;
  if (!group.known) return group;
  if (!tagged.known) return tagged;
  if (!words.known) return words;
  const claimants = new Set(ownersOf(shared.value.claims));
  const unclaimed = instances.filter((instance) => !claimants.has(instance));
  const unclaimedForMs = memory.unclaimedForMs(unclaimed, ports.clock.monotonicMs());
  const running = byHand.length === 0 ? {} : { byHand };
  return known({ ...words.value, ...running, instances, unclaimedForMs });
}
