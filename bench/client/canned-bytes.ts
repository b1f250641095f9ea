// SPDX-License-Identifier: Apache-2.0
const LENGTH_BYTES = 4;
const HEADER_BYTES = 16;
const STAT_BYTES = 68;

/** How long the frames of the canned server are, for so many bytes of data. */
export const CANNED_BYTES = {
  handshake: LENGTH_BYTES + 37,
  get: (bytes: number) => LENGTH_BYTES + HEADER_BYTES + 4 + bytes + STAT_BYTES,
  set: () => LENGTH_BYTES + HEADER_BYTES + STAT_BYTES,
} as const;
