// SPDX-License-Identifier: Apache-2.0
import type { ConnectionSettings } from './connection-settings.ts';
import type { ResolveName } from './name-resolution.ts';

export interface SessionSettings extends ConnectionSettings {
  readonly connectLimitMs: number;
  readonly reconnectLimitMs: number;
  readonly requestTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly maxQueued: number;
  /** Random order of the servers: true if not given. */
  readonly shuffle?: boolean;
  readonly followConfig?: boolean;
  /** How to resolve names, if not as Node does. */
  readonly resolve?: ResolveName;
}
