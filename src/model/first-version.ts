// SPDX-License-Identifier: Apache-2.0
/**
 * The versions of the configs that agents write (docs/protocol.md, "Recovery 10"). Pure.
 *
 * A server that looks for a leader takes over every config of a higher version that it hears of, from whomever. So the
 * configs that an agent writes under a record are above all of older lineages, and none is above a committed one of its
 * own: under record 1, which follows nothing, they have no version; later they have one right above the floor.
 */
import { toZxid, ZXID_ZERO, type Zxid } from './zxid.ts';

/** How many elections those who are gone may have held that nobody who is left knows of. */
const UNSEEN_EPOCHS = 0x1_0000;
/** The server counts epochs with 31 bits. */
const LAST_FLOOR = 0x7fff_0000;

interface Floor {
  readonly epochFloor: number;
}

/** The floor of the record that follows, from the highest epoch that anybody is known to have promised. */
export function floorAbove(knownEpoch: number): number {
  return Math.max(knownEpoch, Math.min(knownEpoch + UNSEEN_EPOCHS, LAST_FLOOR));
}

/** Of those who begin: it is as high as a version-less config becomes when the first leader of the record is elected. */
export function firstVersion({ epochFloor }: Floor): Zxid {
  return epochFloor === 0 ? ZXID_ZERO : toZxid(BigInt(epochFloor + 1) << 32n);
}

/** Whether no change was committed before this config under its record: the server gives such a version at an election. */
export function isFirstVersion(version: Zxid): boolean {
  return version !== ZXID_ZERO && version.endsWith('00000000');
}

/** Of those who join: what the ensemble has committed is above it, so that they take that over. */
export function joinersVersion({ epochFloor }: Floor): Zxid {
  return epochFloor === 0 ? ZXID_ZERO : toZxid((BigInt(epochFloor + 1) << 32n) - 1n);
}
