/**
 * One look at the world, as plain data. The order is the protocol's (Claims 6): the config through a session opened for
 * it, then the claims, then EC2; the epoch and the records after the session; the leader's zxid before the node's own.
 */
import { AgentError } from '../errors.ts';
import { type GroupFact, type Known, known, unknown } from '../model/cloud.ts';
import type { DiskFacts } from '../model/disk.ts';
import type { Ensemble, Observation, Order, Shared, Silence } from '../model/observation.ts';
import type { Ports } from '../ports.ts';
import { readClaims } from '../registry/claims.ts';
import { readDead } from '../registry/dead.ts';
import { readAnnouncements, readRecords } from '../registry/lineage.ts';
import { readReports } from '../registry/reports.ts';
import type { Timings } from '../timings.ts';
import { attempt } from './attempt.ts';
import { isOurs, observeEnsembles } from './ensemble.ts';
import { type Lives, observeLives } from './lives.ts';
import type { Memory } from './memory.ts';

export interface Look {
  readonly ports: Ports;
  readonly order: Order;
  readonly self: Observation['self'];
  readonly timings: Timings;
  readonly memory: Memory;
}

/**
 * `unchanged` is an observation of a moment ago after which only the node itself, or what it created in the bucket and
 * the log group, has changed: the rest of it still stands.
 */
export async function observe(look: Look, signal: AbortSignal, unchanged?: Observation): Promise<Observation> {
  const { ports, order, self, timings, memory } = look;
  const disk = await ports.disk.read(signal);
  if (unchanged) {
    const shared = await attempt(() => readShared(ports, signal), signal);
    return { ...unchanged, disk, shared, server: await observeServer(look, signal) };
  }
  const [targetState, group, search] = await Promise.all([
    attempt(() => ports.metadata.targetLifecycleState(signal), signal),
    attempt(() => describeGroup(look, signal), signal),
    findEnsemble(look, disk, signal),
  ]);
  const { shared, ensemble } = search;
  const silent = !ensemble && shared.known && shared.value.records.length > 0;
  const tagged = silent ? await attempt(() => ports.ec2.describeCluster(self.cluster, signal), signal) : known([]);
  const instances = new Set([
    ...(group.known ? group.value.instances.map((entry) => entry.instance) : []),
    ...(tagged.known ? tagged.value.map((fact) => fact.instance) : []),
    ...(shared.known ? ownersOf(shared.value) : []),
  ]);
  // Who has no claim matters only for who could have reported.
  const lives = silent ? await observeAllLives(look, shared, [...instances], signal) : search.lives;
  const silence = silent
    ? await observeSilence(look, { shared, group, tagged, instances: [...instances] }, signal)
    : unknown(ensemble ? 'an ensemble answers' : 'there is no lineage record yet');
  return {
    order,
    self,
    targetState,
    disk,
    // After the ensemble: the leader's zxid has to be the older one.
    server: await observeServer(look, signal),
    shared,
    group,
    lives: lives.lives,
    terminated: lives.terminated,
    ensemble,
    silence,
    watch: memory.watch(ports.clock.monotonicMs()),
    limits: {
      ownerUnknownMs: timings.ownerUnknownMs,
      equalFactsMs: timings.equalFactsMs,
      unclaimedMs: timings.unclaimedMs,
      joinRestartMs: timings.joinRestartMs,
    },
  };
}

async function observeServer({ ports, self }: Look, signal: AbortSignal): Promise<Observation['server']> {
  const [upMs, answer] = await Promise.all([ports.server.upMs(signal), ports.servers.srvr(self.address, signal)]);
  return { upMs, answer };
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

async function readShared(ports: Ports, signal: AbortSignal): Promise<Shared> {
  const [records, claims, dead] = await Promise.all([
    readRecords(ports.objects, signal),
    readClaims(ports, signal),
    readDead(ports.objects, signal),
  ]);
  return { records, claims, dead: [...dead].sort() };
}

function ownersOf(shared: Shared): readonly string[] {
  return shared.claims.flatMap((claim) => (typeof claim.owner === 'object' ? [claim.owner.instance] : []));
}

/** The ensemble, if one answers, and the bucket as read after its config (Claims 6). */
interface Search {
  readonly ensemble: Ensemble | undefined;
  readonly shared: Known<Shared>;
  /** Of the owners of claims. */
  readonly lives: Lives;
}

/** Where the ensemble was last, else where the claims say that members may be. */
async function findEnsemble(look: Look, disk: DiskFacts, signal: AbortSignal): Promise<Search> {
  const { ports, memory, self } = look;
  const near = new Set([...memory.addresses, ...(disk.config?.members ?? []).map((member) => member.address)]);
  if (near.size > 0) near.add(self.address);
  const nearby = await askAddresses(look, [...near], signal);
  if (nearby.ensemble || !nearby.shared.known || nearby.shared.value.records.length === 0) return nearby;
  const { shared, lives } = nearby;
  const claimed = new Set<string>();
  for (const claim of shared.value.claims) {
    // Claims 7: a claimed address counts only if its instance runs.
    if (typeof claim.owner !== 'object' || lives.lives[claim.owner.instance] !== 'alive') continue;
    if (!near.has(claim.owner.address)) claimed.add(claim.owner.address);
  }
  if (claimed.size === 0) return nearby;
  const elsewhere = await observeEnsembles(ports.servers, [...claimed], signal);
  return elsewhere.length > 0 ? judge(look, elsewhere, signal) : nearby;
}

async function askAddresses(look: Look, addresses: readonly string[], signal: AbortSignal): Promise<Search> {
  return judge(look, await observeEnsembles(look.ports.servers, addresses, signal), signal);
}

/** Reads the bucket after the configs, then EC2, and drops what is a stranger or of an older record. */
async function judge(look: Look, found: readonly Ensemble[], signal: AbortSignal): Promise<Search> {
  const { ports, memory } = look;
  const shared = await attempt(() => readShared(ports, signal), signal);
  const lives = await observeAllLives(look, shared, shared.known ? ownersOf(shared.value) : [], signal);
  const ensemble = shared.known ? found.find((each) => isOurs(each, shared.value, lives.lives)) : undefined;
  if (!ensemble) return { ensemble, shared, lives };
  memory.addresses = [
    ...new Set([ensemble.leader.address, ...ensemble.config.members.map((member) => member.address)]),
  ];
  return { ensemble, shared, lives };
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

interface Listings {
  readonly shared: Known<Shared>;
  readonly group: Observation['group'];
  readonly tagged: Known<unknown>;
  readonly instances: readonly string[];
}

/** Reports and announcements count only together with whole listings of who could have reported. */
async function observeSilence(look: Look, listings: Listings, signal: AbortSignal): Promise<Known<Silence>> {
  const { ports, memory } = look;
  const { shared, group, tagged, instances } = listings;
  if (!shared.known) return shared;
  if (!group.known) return group;
  if (!tagged.known) return tagged;
  const claimants = new Set(ownersOf(shared.value));
  const unclaimed = instances.filter((instance) => !claimants.has(instance));
  return attempt(async () => {
    const [reports, announcements] = await Promise.all([
      readReports(ports.objects, signal),
      readAnnouncements(ports.objects, shared.value.records, signal),
    ]);
    return {
      reports,
      announcements,
      instances,
      unclaimedForMs: memory.unclaimedForMs(unclaimed, ports.clock.monotonicMs()),
    };
  }, signal);
}
