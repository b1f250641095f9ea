// SPDX-License-Identifier: Apache-2.0
/**
 * Removes old snapshots and logs while the disk fills (docs/protocol.md, "Disk 4"). It asks neither AWS nor the
 * ensemble. While the server runs it takes no lock: a run of the agent may wait for long, and a disk fills within
 * seconds.
 */
import { join } from 'node:path';
import { acquireLock } from '../lock.ts';
import type { Settings } from '../settings.ts';
import { agentFiles } from '../zookeeper/agent-files.ts';
import { diskSpace } from '../zookeeper/disk-space.ts';
import { purgeData, SNAPSHOTS_KEPT } from '../zookeeper/purge.ts';
import { serverControl } from './node-ports.ts';

/** From this share of the disk on. */
const USED_SHARE = 0.6;

export interface PurgeOutcome {
  /** Names in `version-2`. */
  readonly removed: readonly string[];
  /** A sentence for people. */
  readonly said: string;
}

/** `now`: whatever is free. Rejects with NO_SPACE and its like when a file can't be removed. */
export async function purge(
  settings: Settings,
  now: boolean,
  signal: AbortSignal,
  spaceOf = diskSpace,
): Promise<PurgeOutcome> {
  const nothing = (why: string): PurgeOutcome => ({ removed: [], said: `Nothing is removed: ${why}.` });
  const { dataDir } = settings;
  const { freeShare } = await spaceOf(dataDir);
  if (!now && freeShare === undefined) return nothing('the file system does not say how much of the disk is free');
  if (!now && freeShare !== undefined && 1 - freeShare < USED_SHARE) {
    return nothing(`${percent(1 - freeShare)} of the disk are used, and purging begins at ${percent(USED_SHARE)}`);
  }
  // While the server stands still, as after its end on a full disk, a run of the agent may move or copy its data.
  const runs = (await serverControl(settings).state(signal)).kind === 'running';
  const lock = runs ? undefined : await acquireLock(settings.lockFile);
  if (!runs && lock === undefined) return nothing('the server does not run, and another run of the agent is at work');
  const note = agentFiles(dataDir).checkedSnapshots;
  const { removed, bytes } = await purgeData(join(dataDir, 'version-2'), note, signal).finally(() => lock?.release());
  if (removed.length === 0) {
    return nothing(`the server may need all that there is; ${SNAPSHOTS_KEPT} whole snapshots with their logs stay`);
  }
  const { freeShare: left } = await spaceOf(dataDir);
  const used = left === undefined ? '' : ` ${percent(1 - left)} of the disk are used now.`;
  const mebibytes = (bytes / 2 ** 20).toFixed(1);
  const files = removed.length === 1 ? '1 old file is' : `${removed.length} old files are`;
  return { removed, said: `${files} removed, ${mebibytes} MiB: ${removed.join(', ')}.${used}` };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
