// SPDX-License-Identifier: Apache-2.0
/** What happened to a znode. */
export interface ZnodeEvent {
  readonly kind: 'created' | 'deleted' | 'changed' | 'childrenChanged';
  /** The znode: the one that is watched or, of a recursive watch, one below it. */
  readonly path: string;
  /** The transaction that did it. −1 if the server does not tell: before 3.9, and after a lost connection. */
  readonly zxid: bigint;
}

/** Ends the iteration. The session has expired, the client is closed, or `removeWatches` was called. */
export type LastWatchEvent =
  | { readonly kind: 'expired'; readonly cause: Error }
  | { readonly kind: 'closed'; readonly cause?: Error }
  | { readonly kind: 'removed' };

/** What a watch tells, in the order in which it came. */
export type WatchEvent =
  | ZnodeEvent
  /** The connection is lost. A persistent watch is told nothing of what happens from here on. */
  | { readonly kind: 'disconnected'; readonly cause: Error }
  /**
   * The watch is set again, on another connection. Read what a persistent watch is for again: nobody tells it what
   * happened in between. A watch for one event has missed nothing.
   */
  | { readonly kind: 'rearmed' }
  /** The reader was too slow: this many events that stood here are lost. Read what the watch is for again. */
  | { readonly kind: 'overflow'; readonly lost: number }
  | LastWatchEvent;

export function isLastEvent(event: WatchEvent): event is LastWatchEvent {
  return event.kind === 'expired' || event.kind === 'closed' || event.kind === 'removed';
}
