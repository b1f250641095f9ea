// SPDX-License-Identifier: Apache-2.0
/**
 * The versions of the configs that agents write (docs/protocol.md, "Recovery 10" and "Joining 12"). Pure.
 *
 * A server that looks for a leader takes over every config of a higher version that it hears of, from any server. So
 * the configs that an agent writes under a record are above all configs of older lineages. None of them is above a
 * config that was committed under the same record. Record 1 follows nothing, so its first config has no version. Under
 * later records the version of the first config is right above the floor. A joiner's config comes right below the
 * committed config that it was made from.
 */
import { epochOf, fromZxid, toZxid, ZXID_ZERO, type Zxid } from './zxid.ts';

/** How many elections the lost nodes may have held without the knowledge of the nodes that are left. */
const UNSEEN_EPOCHS = 0x1_0000;
/** The server counts epochs with 31 bits. */
const LAST_FLOOR = 0x7fff_0000;

interface Floor {
  readonly epochFloor: number;
}

/** The floor of the next record, from the highest epoch that any node is known to have accepted. */
export function floorAbove(knownEpoch: number): number {
  return Math.max(knownEpoch, Math.min(knownEpoch + UNSEEN_EPOCHS, LAST_FLOOR));
}

/**
 * The version for the first ensemble of a record. A version-less config becomes as high when the first leader of the
 * record is elected.
 */
export function firstVersion({ epochFloor }: Floor): Zxid {
  return epochFloor === 0 ? ZXID_ZERO : toZxid(BigInt(epochFloor + 1) << 32n);
}

/**
 * Whether no change was committed before this config under its record. The server gives such a version at an election.
 */
export function isFirstVersion(version: Zxid): boolean {
  return version !== ZXID_ZERO && version.endsWith('00000000');
}

/** The floor of the record whose first ensemble starts on a config of this version. Undefined for any other version. */
export function floorBelow(version: Zxid): number | undefined {
  return isFirstVersion(version) ? epochOf(version) - 1 : undefined;
}

/**
 * Joining 12: the version of a file for a joiner, from that of the committed config that the file was made from. The
 * committed config takes the place of the file, and no older config does.
 */
export function joinersVersion(committed: Zxid): Zxid {
  return toZxid(fromZxid(committed) - 1n);
}
