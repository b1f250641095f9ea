// SPDX-License-Identifier: Apache-2.0
import type { ConnectionSettings } from './connection-settings.ts';
import type { ResolveName } from './name-resolution.ts';
import type { ServerAddress } from './servers.ts';

export interface SessionSettings extends ConnectionSettings {
  readonly connectLimitMs: number;
  readonly reconnectLimitMs: number;
  readonly requestTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly maxQueued: number;
  /** Random order of the servers: true if not given. */
  readonly shuffle?: boolean;
  readonly followConfig?: boolean;
  /** For a server by its name or by its address. Not given: no zone is preferred. */
  readonly isOwnZone?: (server: ServerAddress) => boolean;
  /** How long this client waits before it looks whether it should move: a factor, 1 if not given. */
  readonly movePace?: number;
  /** The addresses of a name share `handshakeTimeoutMs`, so that all of them are tried before the session expires. */
  readonly sharesHandshakeTimeout?: boolean;
  /** How to resolve names, if not as Node does. */
  readonly resolve?: ResolveName;
}
