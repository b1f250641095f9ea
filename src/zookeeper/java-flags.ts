// SPDX-License-Identifier: Apache-2.0
/** Java's flags of every server that are part of the protocol; the image's role writes the same (a test holds them together). */

/**
 * A record may be as long as `jute.maxbuffer` and this together. The one entry that closes a session lists all its
 * ephemerals: 6,000 of 426 characters are 2.5 MB, which a server without the flag can write, but neither follow nor read
 * again. The property counts with its prefix only.
 */
export const EXTRA_SIZE_FLAG = '-Dzookeeper.jute.maxbuffer.extrasize=67108864';
