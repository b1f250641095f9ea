/** Finding the ensemble: who leads, what its config says, and whether it is this cluster's at all. */
import { instancesBehind } from '../model/claims.ts';
import type { Life } from '../model/cloud.ts';
import type { EnsembleConfig } from '../model/member.ts';
import type { Ensemble, Shared } from '../model/observation.ts';
import { epochOf } from '../model/zxid.ts';
import type { ServerAnswer, Servers } from '../ports.ts';

interface Found {
  readonly address: string;
  readonly answer: ServerAnswer & { readonly kind: 'serving' };
}

async function askAll(servers: Servers, addresses: readonly string[], signal: AbortSignal): Promise<readonly Found[]> {
  const answers = await Promise.all(
    addresses.map(async (address) => ({ address, answer: await servers.srvr(address, signal) })),
  );
  return answers.flatMap(({ address, answer }) => (answer.kind === 'serving' ? [{ address, answer }] : []));
}

function leads(found: Found): boolean {
  return found.answer.mode === 'leader' || found.answer.mode === 'standalone';
}

/**
 * Asks the addresses for leaders and reads each one's config through a session opened for it, the highest zxid first;
 * a server that does not commit our session is none. Several may claim to lead: an old leader does for 1.5 s after its
 * removal, and a stranger's may stand where one of our members was.
 */
export async function observeEnsembles(
  servers: Servers,
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<readonly Ensemble[]> {
  const serving = await askAll(servers, addresses, signal);
  const leaders = serving.filter(leads).sort((a, b) => (a.answer.zxid < b.answer.zxid ? 1 : -1));
  const found: Ensemble[] = [];
  for (const leader of leaders) {
    const ensemble = await askLeader(servers, leader.address, serving, signal);
    if (ensemble) found.push(ensemble);
  }
  return found;
}

/** Through a session opened for it, which is a committed write: what is read after it is not older than that. */
async function readConfig(servers: Servers, address: string, signal: AbortSignal): Promise<EnsembleConfig | undefined> {
  try {
    const session = await servers.open(address, { secret: false }, signal);
    try {
      return await session.config(signal);
    } finally {
      // Closing is a write as well, and nothing depends on it.
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
 * Claims 7: a server counts only if its config fits this cluster's claims. Addresses are used again, so a stranger may
 * well stand where one of our members was: each of its members would have to hold one of our ids at our address, and the
 * one that leads must not be known to be gone. Joining 1: and its epoch must be above the floor of the newest record.
 */
export function isOurs(ensemble: Ensemble, shared: Shared, lives: Readonly<Record<string, Life>>): boolean {
  const newest = shared.records.at(-1);
  if (!newest || ensemble.epoch <= newest.epochFloor) return false;
  const claimants = (member: { readonly id: number; readonly address: string }) =>
    instancesBehind(shared.claims, member).filter((instance) => lives[instance] !== 'gone');
  const claimed = ensemble.config.members.every((member) => instancesBehind(shared.claims, member).length > 0);
  return claimed && claimants(ensemble.leader).length > 0;
}
