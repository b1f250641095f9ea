// SPDX-License-Identifier: Apache-2.0
import type { SessionCredentials } from './credentials.ts';
import type { WatchingSession } from './rearming.ts';
import type { RequestList } from './request-list.ts';
import type { SessionProof } from './session-proof.ts';

/** The state that outlives a connection. */
export interface SessionState extends WatchingSession {
  /** Zero until a server gave one. */
  id: bigint;
  /** A server with a quorum gave the session. */
  isKnownToAll: boolean;
  password: Uint8Array;
  readonly proof: SessionProof;
  /** The newest transaction that this client has seen. */
  lastZxid: bigint;
  /** The config of the ensemble has changed, if somebody follows it. */
  readonly onConfig?: () => void;
  readonly credentials: SessionCredentials;
  /** Requests that were not sent yet, oldest first. */
  readonly queue: RequestList;
}
