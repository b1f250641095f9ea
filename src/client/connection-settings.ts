// SPDX-License-Identifier: Apache-2.0
import type { SaslUser } from './sasl-login.ts';
import type { SocketSettings } from './socket.ts';

export interface ConnectionSettings extends SocketSettings {
  readonly sessionTimeoutMs: number;
  /** Limit for connecting and the handshake together. */
  readonly handshakeTimeoutMs: number;
  readonly maxInFlight: number;
  readonly maxRequestBytes: number;
  readonly maxReplyBytes: number;
  /** Empty for none. */
  readonly chroot?: string;
  readonly allowReadOnly?: boolean;
  readonly sasl?: SaslUser;
  readonly firstXid?: number;
}
