// SPDX-License-Identifier: Apache-2.0
import { ProtocolError, SessionExpiredError } from './errors.ts';
import type { JuteWriter } from './jute-writer.ts';
import { type ConnectReply, encodeConnect } from './operations/connect.ts';
import type { SessionState } from './session-state.ts';

interface HandshakeSettings {
  readonly sessionTimeoutMs: number;
  readonly allowReadOnly?: boolean;
}

/** Asks for the session, or for a new one. */
export function writeHandshake(writer: JuteWriter, session: SessionState, settings: HandshakeSettings): void {
  const { password, lastZxid } = session;
  const { sessionTimeoutMs: timeoutMs, allowReadOnly = false } = settings;
  session.proof.asked();
  writer.beginFrame();
  encodeConnect(writer, { lastZxid, timeoutMs, sessionId: askedFor(session), password, allowReadOnly });
  writer.endFrame();
}

/**
 * Keeps the session that the server gave; throws a SessionExpiredError when it did not give the one asked for. That
 * session is gone, whether the server says so or has made another one.
 */
export function takeHandshake(reply: ConnectReply, session: SessionState): void {
  const asked = askedFor(session);
  if (reply.timeoutMs <= 0 || (asked !== 0n && reply.sessionId !== asked)) throw new SessionExpiredError(session.id);
  if (reply.sessionId === 0n) throw new ProtocolError('the handshake names no session');
  session.id = reply.sessionId;
  session.password = reply.password;
  session.proof.opened(reply.timeoutMs);
  if (!reply.isReadOnly) session.isKnownToAll = true;
}

/** What a read-only server gave is known to that server alone, so another one is asked for a new session. */
function askedFor(session: SessionState): bigint {
  return session.isKnownToAll ? session.id : 0n;
}
