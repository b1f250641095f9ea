// SPDX-License-Identifier: Apache-2.0
/**
 * A stamp that is gone from data which was this node's own (docs/protocol.md, "Files 2"). Pure.
 *
 * A data directory that somebody attached by mistake has no stamp either. Three facts distinguish the node's own data:
 * the same disk has the mark of a first start that is over; it has an id that this very instance has claimed; and the
 * config on it lists the node.
 */

import { hasData } from '../facts/data.ts';
import { ownClaims } from '../facts/own-claim.ts';
import { unreadable } from '../model/disk.ts';
import { listed } from '../model/member.ts';
import type { Observation } from '../model/observation.ts';

const GONE = { what: 'stamp', file: 'zk-agent/stamp.json', why: 'it is gone, and the data is there' } as const;

/** The same observation. If only the stamp is missing, it counts as a stamp that can't be read. */
export function withStampThatIsGone(observation: Observation): Observation {
  const { disk, self, shared } = observation;
  if (disk.stamp || unreadable(disk, 'stamp') || !disk.ready || !hasData(disk) || !shared.known) return observation;
  const claimed = ownClaims(observation, shared.value).some((claim) => claim.id === disk.id);
  if (!claimed || !listed(disk.config, disk.id, self.address)) return observation;
  // Files 2: all three facts say that the data is this node's own.
  return { ...observation, disk: { ...disk, unreadable: [...(disk.unreadable ?? []), GONE] } };
}
