// SPDX-License-Identifier: Apache-2.0
/**
 * Java's flags of every server that belong to the protocol. The image's role writes the same; a test compares the two.
 */

/**
 * Server 2: a record may be as long as `jute.maxbuffer` and this together. The one entry that closes a session lists
 * all its ephemerals. 6,000 of 426 characters are 2.5 MB: a server without the flag can write that, but neither follow
 * nor read it again. Only the property with its prefix has an effect.
 */
export const EXTRA_SIZE_FLAG = '-Dzookeeper.jute.maxbuffer.extrasize=67108864';

/**
 * Server 2: a server that looks for a leader tells the others so, and doubles its pause each time, up to a minute. Once
 * the other servers are there, it goes on waiting for the rest of that pause.
 */
export const NOTIFICATION_FLAG = '-Dzookeeper.fastleader.maxNotificationInterval=4000';

/**
 * Server 2: between two elections nothing passes on the election connections, and firewalls forget idle connections.
 * Then the packets of the next election vanish. With the flag the kernel keeps these connections in use, as often as
 * `net.ipv4.tcp_keepalive_time` of the image says.
 */
export const KEEPALIVE_FLAG = '-Dzookeeper.tcpKeepAlive=true';
