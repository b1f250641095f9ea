// SPDX-License-Identifier: Apache-2.0
/** Servers that a person added, while no ensemble answers. No agent fences them, so each server itself is asked. */
import { isUnclaimed } from '../facts/by-hand.ts';
import type { Known } from '../model/cloud.ts';
import type { DiskFacts } from '../model/disk.ts';
import type { Member } from '../model/member.ts';
import type { Shared, Silence } from '../model/observation.ts';
import type { Servers } from '../ports.ts';

/** The members that nobody claimed, of every known config, whose server answers, with or without a quorum. */
export async function runningByHand(
  servers: Servers,
  shared: Known<Shared>,
  disk: DiskFacts,
  reports: Silence['reports'],
  signal: AbortSignal,
): Promise<readonly Member[]> {
  const found = new Map<string, Member>();
  for (const { config, pending } of [disk, ...reports.map(({ report }) => report)]) {
    for (const member of [...(config?.members ?? []), ...(pending?.members ?? [])]) {
      if (isUnclaimed({ shared }, member)) found.set(`${member.id} ${member.address}`, member);
    }
  }
  const asked = await Promise.all(
    [...found.values()].map(async (member) => ({ member, answer: await servers.srvr(member.address, signal) })),
  );
  return asked.flatMap(({ member, answer }) => (answer.kind === 'silent' ? [] : [member]));
}
