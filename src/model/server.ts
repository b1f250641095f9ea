// SPDX-License-Identifier: Apache-2.0
/** What is known of a ZooKeeper server from outside. */
import type { Zxid } from './zxid.ts';

/** What a server says to `srvr`. `silent`: no answer at all within the limit, which proves nothing. */
export type ServerAnswer =
  | { readonly kind: 'serving'; readonly mode: 'leader' | 'follower' | 'observer' | 'standalone'; readonly zxid: Zxid }
  | { readonly kind: 'not-serving' }
  /** `closed`: the port is open, and the connection was closed without a word. */
  | { readonly kind: 'silent'; readonly why: string; readonly closed?: true };

/**
 * How the server ended by itself: with a code of its own, soon after its start, one time after the other. Begun anew by
 * every stop, and by a server that ran for longer.
 */
export interface ServerEnds {
  readonly count: number;
  /** Since the last one. */
  readonly sinceMs: number;
  /** For example `exit code 1`. */
  readonly how: string;
  /** The last error of its log; looked for only where it ended more than once. */
  readonly error?: string;
  /** Why the log can't be read. */
  readonly unread?: string;
}
