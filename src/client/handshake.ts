// SPDX-License-Identifier: Apache-2.0
import { ProtocolError, SessionExpiredError } from './errors.ts';
import type { JuteWriter } from './jute-writer.ts';
import { type ConnectReply, encodeConnect } from './operations/connect.ts';
import type { SessionState } from './session-state.ts';

/** Asks for the session, or for a new one. */
export function writeHandshake(writer: JuteWriter, session: SessionState, timeoutMs: number): void {
  const { id, password, lastZxid } = session;
  writer.beginFrame();
  encodeConnect(writer, { lastZxid, timeoutMs, sessionId: id, password });
  writer.endFrame();
}

/** Keeps the session that the server gave; throws a SessionExpiredError when it did not give the one asked for. */
export function takeHandshake(reply: ConnectReply, session: SessionState): void {
  if (reply.timeoutMs <= 0) throw new SessionExpiredError(session.id);
  if (reply.sessionId === 0n || (session.id !== 0n && reply.sessionId !== session.id)) {
    throw new ProtocolError(`the handshake names the session 0x${reply.sessionId.toString(16)}`);
  }
  session.id = reply.sessionId;
  session.password = reply.password;
}
