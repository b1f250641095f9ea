// SPDX-License-Identifier: Apache-2.0
/** Which ensemble of this cluster answers, and which owners of claims live. */
import { instancesBehind, ownersOf } from '../model/claims.ts';
import type { Known } from '../model/cloud.ts';
import type { DiskFacts } from '../model/disk.ts';
import type { Member } from '../model/member.ts';
import type { Ensemble, Shared } from '../model/observation.ts';
import { attempt } from './attempt.ts';
import { firstOfOurs, observeEnsembles } from './ensemble.ts';
import { type Leaderless, observeLeaderless } from './leaderless.ts';
import { type Lives, observeLives } from './lives.ts';
import type { Look } from './look.ts';
import { type Bucket, ownIds, readBucket, readShared } from './shared.ts';

/** The ensemble, if one answers, and the bucket, which was read after the ensemble's config (Claims 6). */
interface Search {
  readonly shared: Known<Shared>;
  readonly bucket: Bucket;
  readonly ensemble: Ensemble | undefined;
  /** The lives of the owners of claims. */
  readonly lives: Lives;
  /** Present where it was looked at already, because no server answered. */
  readonly leaderless: Leaderless | undefined;
}

/** Looks where the ensemble was last, then where members may be by the claims. */
export async function findEnsemble(look: Look, disk: DiskFacts, signal: AbortSignal): Promise<Search> {
  const { ports, memory, self } = look;
  const near = new Set([...memory.addresses, ...(disk.config?.members ?? []).map((member) => member.address)]);
  if (near.size > 0) near.add(self.address);
  // A config from before a person's addition lacks the server that leads now. That server's followers have a later one.
  const unknown = ({ address }: Member): boolean => !near.has(address);
  const nearby = await ofThisCluster(
    look,
    disk,
    await observeEnsembles(ports.servers, [...near], signal, unknown),
    signal,
  );
  if (nearby.ensemble || !nearby.shared.known || nearby.shared.value.records.length === 0) return nearby;
  const { shared, lives } = nearby;
  const claimed = new Set<string>();
  for (const claim of shared.value.claims) {
    // Claims 7: a claimed address counts only if its instance runs.
    if (typeof claim.owner !== 'object' || lives.lives[claim.owner.instance] !== 'alive') continue;
    if (!near.has(claim.owner.address)) claimed.add(claim.owner.address);
  }
  if (claimed.size === 0) return nearby;
  // If a person's server leads, all claimed members follow it. So they are asked for the members that nobody claimed.
  const unclaimed = (member: Member): boolean => instancesBehind(shared.value.claims, member).length === 0;
  const elsewhere = await observeEnsembles(ports.servers, [...claimed], signal, unclaimed);
  if (elsewhere.length === 0) return nearby;
  // Claims 6: this leader was found only after the claims were read, so they are read again.
  return ofThisCluster(look, disk, elsewhere, signal);
}

/** Reads the bucket after the configs, then EC2. Drops each ensemble that is not ours or is of an older record. */
async function ofThisCluster(
  look: Look,
  disk: DiskFacts,
  found: readonly Ensemble[],
  signal: AbortSignal,
): Promise<Search> {
  const { memory } = look;
  // Claims 6: the claims are read after the config, and EC2 is asked after the claims.
  const bucket = readBucket(look.ports.objects, signal);
  const [{ shared, lives }, leaderless] = await Promise.all([
    readShared(look, bucket, ownIds(look.self, disk, found), signal).then(async (shared) => {
      const owners = shared.known ? ownersOf(shared.value.claims) : [];
      return { shared, lives: await observeAllLives(look, shared, owners, signal) };
    }),
    // At the same time as the claims: each of these takes a call or two, and a node without a quorum looks often.
    found.length === 0 ? observeLeaderless(look, bucket, signal) : undefined,
  ]);
  const ensemble = shared.known
    ? await firstOfOurs(look.ports.servers, found, shared.value, lives.lives, signal)
    : undefined;
  if (ensemble) {
    memory.addresses = [
      ...new Set([ensemble.leader.address, ...ensemble.config.members.map((member) => member.address)]),
    ];
  }
  return { shared, bucket, ensemble, lives, leaderless };
}

/** The lives of instances that were not asked for yet. Owners of claims were asked for after the bucket was read. */
export async function observeOtherLives(
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
