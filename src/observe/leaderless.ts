// SPDX-License-Identifier: Apache-2.0
/** What a node looks at while no ensemble answers: which nodes could have reported, and what the reports say. */
import { ownersOf } from '../model/claims.ts';
import { type InstanceFact, type Known, known } from '../model/cloud.ts';
import type { Member } from '../model/member.ts';
import type { Observation, Shared, Silence } from '../model/observation.ts';
import { goneAmong } from '../registry/gone.ts';
import { outcomesAmong, readAnnouncements } from '../registry/lineage.ts';
import { reportsAmong } from '../registry/reports.ts';
import { attempt } from './attempt.ts';
import type { Look } from './look.ts';
import { observeProcess } from './own-server.ts';
import type { Bucket, Contents } from './shared.ts';

/** What counts only while no ensemble answers: which nodes could have reported, and what the reports say. */
export interface Leaderless {
  readonly tagged: Known<readonly InstanceFact[]>;
  readonly written: Known<Written>;
  /** The node's own server. Without a leader it may be looked at at any moment of the look. */
  readonly server: Observation['server'];
}

/** Undefined while no record is known: before the first record no node waits for a report. */
export async function observeLeaderless(
  look: Look,
  { contents }: Bucket,
  signal: AbortSignal,
): Promise<Leaderless | undefined> {
  const { ports, self } = look;
  const bucket = await attempt(() => contents, signal);
  if (!bucket.known || bucket.value.records.length === 0) return undefined;
  const [tagged, written, server] = await Promise.all([
    attempt(() => ports.ec2.describeCluster(self.cluster, signal), signal),
    readWritten(look, bucket.value, signal),
    observeProcess(look, signal),
  ]);
  return { tagged, written, server };
}

/** What nodes without quorum have written down for each other. */
type Written = Pick<Silence, 'reports' | 'unreadable' | 'outcomes' | 'announcements' | 'gone'>;

function readWritten(
  { ports }: Look,
  { listed, keys, records }: Contents,
  signal: AbortSignal,
): Promise<Known<Written>> {
  return attempt(async () => {
    const [reports, announcements, outcomes, gone] = await Promise.all([
      reportsAmong(ports.objects, listed, signal),
      readAnnouncements(ports.objects, records, signal),
      // Only for the next record: an older record itself settles everything that concerns it.
      outcomesAmong(ports.objects, keys, records.length + 1, signal),
      goneAmong(ports.objects, keys, records.length, signal),
    ]);
    return { ...reports, announcements, outcomes, ...(gone.length === 0 ? {} : { gone }) };
  }, signal);
}

interface Listings extends Leaderless {
  readonly shared: Known<Shared>;
  readonly group: Observation['group'];
  readonly instances: readonly string[];
  readonly byHand: readonly Member[];
}

/** Reports and announcements count only together with complete lists of the nodes that could have reported. */
export function observeSilence(
  look: Look,
  { shared, written, group, tagged, instances, byHand }: Listings,
): Known<Silence> {
  const { ports, memory } = look;
  if (!shared.known) return shared;
  if (!group.known) return group;
  if (!tagged.known) return tagged;
  if (!written.known) return written;
  const claimants = new Set(ownersOf(shared.value.claims));
  const unclaimed = instances.filter((instance) => !claimants.has(instance));
  const unclaimedForMs = memory.unclaimedForMs(unclaimed, ports.clock.monotonicMs());
  const running = byHand.length === 0 ? {} : { byHand };
  return known({ ...written.value, ...running, instances, unclaimedForMs });
}
