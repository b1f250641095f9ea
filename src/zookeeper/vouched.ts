// SPDX-License-Identifier: Apache-2.0
/**
 * The agent's note of the config that it has looked at. In `0000000100000007 3` the first is its version, the second
 * its number of members (docs/protocol.md, "Joining 5" and "Files 3"). Pure, and read by the healthy tick.
 */
import type { Zxid } from '../model/zxid.ts';

export interface Vouched {
  readonly version: Zxid;
  readonly members: number;
}

export function formatVouched({ version, members }: Vouched): string {
  return `${version} ${members}\n`;
}

/** Undefined when the note has no usable content. Then the node looks again. */
export function parseVouched(text: string): Vouched | undefined {
  const [, version, members] = /^([0-9a-f]{16}) ([0-9]{1,3})\n$/.exec(text) ?? [];
  return version === undefined ? undefined : { version, members: Number(members) };
}
