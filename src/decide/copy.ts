// SPDX-License-Identifier: Apache-2.0
/** Disk 3: a disk that is a copy of an earlier time: a snapshot that was put back, or the image of a node. Pure. */
import { copiedFrom } from '../model/disk.ts';
import type { Observation } from '../model/observation.ts';
import { type Decision, take } from '../model/step.ts';
import { whatHoldsAside } from './aside.ts';
import { decideLeaveRefused } from './leave.ts';
import { mayRun } from './restart.ts';

export function decideCopy(observation: Observation): Decision | undefined {
  const { disk, server } = observation;
  const volume = copiedFrom(disk);
  // A server that serves has synced with a leader: what it has is not of an earlier time any more.
  if (volume === undefined || server.answer.kind === 'serving') return undefined;
  const why = `This disk is a copy of an earlier time: it was written as volume ${volume}, and is volume ${disk.volume} now.`;
  // Disk 3: a server that does not serve is stopped, and never started on a copy.
  if (mayRun(server)) return take({ kind: 'stop-server' }, `${why} Its server must not vote with what is on it.`);
  const held = disk.data === undefined ? undefined : whatHoldsAside(observation, why);
  if (held) return decideLeaveRefused(observation) ?? held;
  // Disk 3: this node counts as one without data.
  return take(
    { kind: 'set-data-aside', name: `copy-of-${volume}`, copy: true },
    `${why} Its data is renamed aside, and this node counts as one without data.`,
  );
}
