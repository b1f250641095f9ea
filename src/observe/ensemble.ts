// SPDX-License-Identifier: Apache-2.0
/** Finding the ensemble: which server leads, what its config says, and whether it is this cluster's at all. */
import { instancesBehind } from '../model/claims.ts';
import type { Life } from '../model/cloud.ts';
import { type EnsembleConfig, idOfLine, type Member, quorumOf, strangeLines, votersOf } from '../model/member.ts';
import type { Ensemble, Shared } from '../model/observation.ts';
import type { ServerAnswer } from '../model/server.ts';
import { epochOf } from '../model/zxid.ts';
import type { Servers } from '../ports.ts';

interface Found {
  readonly address: string;
  readonly answer: ServerAnswer & { readonly kind: 'serving' };
}

async function askAll(servers: Servers, addresses: readonly string[], signal: AbortSignal): Promise<readonly Found[]> {
  const answers = await Promise.all(addresses.map((address) => servers.srvr(address, signal)));
  const found: Found[] = [];
  for (const [index, address] of addresses.entries()) {
    const answer = answers[index];
    if (answer?.kind === 'serving') found.push({ address, answer });
  }
  return found;
}

function leads(found: Found): boolean {
  return found.answer.mode === 'leader' || found.answer.mode === 'standalone';
}

/** Those of these members that are in the config of one of these followers. */
async function askBehindFollowers(
  servers: Servers,
  followers: readonly Found[],
  further: (member: Member) => boolean,
  signal: AbortSignal,
): Promise<readonly Found[]> {
  for (const { address } of followers) {
    const config = await readConfig(servers, address, signal);
    if (!config) continue;
    const addresses = config.members.filter(further).map((member) => member.address);
    return [...followers, ...(await askAll(servers, addresses, signal))];
  }
  return followers;
}

/**
 * Asks the addresses for leaders, and reads each one's config through a session opened for it, the highest zxid first.
 * A server that does not commit the session is no leader. Several servers may claim to lead: an old leader does for 1.5
 * s after its removal, and another cluster's leader may be where one of our members was.
 *
 * If none of the addresses leads, the followers among them are asked for members of their config that may lead and that
 * `further` accepts. Asking takes a session.
 */
export async function observeEnsembles(
  servers: Servers,
  addresses: readonly string[],
  signal: AbortSignal,
  further?: (member: Member) => boolean,
): Promise<readonly Ensemble[]> {
  const asked = await askAll(servers, addresses, signal);
  const found = further && !asked.some(leads) ? await askBehindFollowers(servers, asked, further, signal) : asked;
  return ensemblesUnder(servers, found, signal);
}

async function ensemblesUnder(
  servers: Servers,
  serving: readonly Found[],
  signal: AbortSignal,
): Promise<readonly Ensemble[]> {
  const leaders = serving.filter(leads).sort((a, b) => (a.answer.zxid < b.answer.zxid ? 1 : -1));
  const found: Ensemble[] = [];
  for (const leader of leaders) {
    const ensemble = await askLeader(servers, leader.address, serving, signal);
    if (ensemble) found.push(ensemble);
  }
  return found;
}

/** Reads the config through a new session. Opening it is a committed write, so what is read after it is not older. */
async function readConfig(servers: Servers, address: string, signal: AbortSignal): Promise<EnsembleConfig | undefined> {
  try {
    const session = await servers.open(address, { secret: false }, signal);
    try {
      return await session.config(signal);
    } finally {
      // Closing is a write as well. Nothing depends on it, so nothing waits for it.
      void session.close().catch(() => undefined);
    }
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

async function askLeader(
  servers: Servers,
  address: string,
  serving: readonly Found[],
  signal: AbortSignal,
): Promise<Ensemble | undefined> {
  const config = await readConfig(servers, address, signal);
  if (!config) return undefined;
  const after = await servers.srvr(address, signal);
  if (after.kind !== 'serving' || !leads({ address, answer: after })) return undefined;
  const self = config.members.find((member) => member.address === address);
  if (!self) return undefined;
  const strangers = config.members.filter((member) => !serving.some((found) => found.address === member.address));
  const more = await askAll(
    servers,
    strangers.map((member) => member.address),
    signal,
  );
  const servingAddresses = new Set([...serving, ...more].map((found) => found.address));
  return {
    leader: { id: self.id, address },
    config,
    epoch: epochOf(after.zxid),
    zxid: after.zxid,
    servingIds: config.members.filter((member) => servingAddresses.has(member.address)).map((member) => member.id),
  };
}

/**
 * Claims 7: whether an ensemble is this cluster's. Addresses are used again. So servers of another cluster may be where
 * members of ours were, under the same small ids.
 *
 * Invariant: an ensemble is ours if a server on an instance of ours, which EC2 does not know to have ended, leads it.
 * It is also ours if such a server has just committed a session under its very config. An address belongs to one
 * instance at a time. If EC2 says nothing about the leader's instance, every voter has to be claimed instead.
 *
 * Joining 1: the epoch must also be above the floor of the newest record.
 */
export async function isOurs(
  servers: Servers,
  ensemble: Ensemble,
  shared: Shared,
  lives: Readonly<Record<string, Life>>,
  signal: AbortSignal,
): Promise<boolean> {
  const newest = shared.records.at(-1);
  if (!newest || ensemble.epoch <= newest.epochFloor) return false;
  const { leader, config } = ensemble;
  const behind = (member: Claimable): readonly string[] => instancesBehind(shared.claims, member);
  const holds = (member: Claimable): boolean =>
    behind(member).some((instance) => lives[instance] === 'alive' || lives[instance] === 'shutting-down');
  const voters = votersOf(config);
  // A strange line about a member may be a voter, and then counts as one that nobody claimed.
  const lines = strangeLines(config).filter((line) => idOfLine(line) !== undefined).length;
  const claimed = voters.filter((voter) => behind(voter).length > 0).length;
  if (claimed < quorumOf(voters.length + lines)) return false;
  const claimants = behind(leader);
  // A person added the leader, so the voters that follow it decide.
  if (claimants.length === 0) return isFollowed(servers, ensemble, voters.filter(holds), signal);
  if (claimants.every((instance) => lives[instance] === 'gone')) return false;
  return holds(leader) || claimed === voters.length + lines;
}

/** Whether one of these voters serves under the same config. Two leaders can't commit under one config. */
async function isFollowed(
  servers: Servers,
  { config, servingIds }: Ensemble,
  voters: readonly Member[],
  signal: AbortSignal,
): Promise<boolean> {
  for (const { id, address } of voters) {
    const own = servingIds.includes(id) ? await readConfig(servers, address, signal) : undefined;
    if (own && JSON.stringify(own) === JSON.stringify(config)) return true;
  }
  return false;
}

/** The first of these ensembles that is this cluster's. */
export async function firstOfOurs(
  servers: Servers,
  found: readonly Ensemble[],
  shared: Shared,
  lives: Readonly<Record<string, Life>>,
  signal: AbortSignal,
): Promise<Ensemble | undefined> {
  for (const each of found) if (await isOurs(servers, each, shared, lives, signal)) return each;
  return undefined;
}

type Claimable = { readonly id: number; readonly address: string };
