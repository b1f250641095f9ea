// SPDX-License-Identifier: Apache-2.0
/** What can be known of a ZooKeeper server from outside. */
import type { Zxid } from './zxid.ts';

/** A server's answer to `srvr`. `silent`: no answer at all within the limit, which proves nothing. */
export type ServerAnswer =
  | { readonly kind: 'serving'; readonly mode: 'leader' | 'follower' | 'observer' | 'standalone'; readonly zxid: Zxid }
  | { readonly kind: 'not-serving' }
  /** `closed`: the port is open, but the server closed the connection without an answer. */
  | { readonly kind: 'silent'; readonly why: string; readonly closed?: true };

/**
 * How the server ended by itself: with an exit code of its own, soon after its start, several times in a row. Every
 * stop, and a longer run of the server, begin the count anew.
 */
export interface ServerEnds {
  readonly count: number;
  /** The time since the last end. */
  readonly sinceMs: number;
  /** For example `exit code 1`. */
  readonly how: string;
  /** The last error of its log. */
  readonly error?: string;
  /** Where the log is: a path, or the command that shows it. */
  readonly log?: string;
  /** Why the log can't be read. */
  readonly unread?: string;
}
