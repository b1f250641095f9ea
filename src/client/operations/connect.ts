// SPDX-License-Identifier: Apache-2.0
import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';

interface ConnectRequest {
  /** A server that has seen less must refuse the client, so that the client never reads older data. */
  readonly lastZxid: bigint;
  readonly timeoutMs: number;
  /** Zero asks for a new session. */
  readonly sessionId: bigint;
  /** 16 bytes that the server gave with the session. */
  readonly password: Uint8Array;
  /** Also takes a server that has lost its quorum. */
  readonly allowReadOnly: boolean;
}

export interface ConnectReply {
  /** The negotiated timeout. Zero or less means that the session has expired. */
  readonly timeoutMs: number;
  readonly sessionId: bigint;
  readonly password: Buffer;
  /** The server has lost its quorum, and answers reads from what it knows. */
  readonly isReadOnly: boolean;
}

/**
 * connect request (no header): protocolVersion int, lastZxidSeen long, timeOut int, sessionId long, passwd buffer,
 * readOnly boolean
 */
export function encodeConnect(writer: JuteWriter, request: ConnectRequest): void {
  writer.int(0);
  writer.long(request.lastZxid);
  writer.int(request.timeoutMs);
  writer.long(request.sessionId);
  writer.bytes(request.password);
  writer.boolean(request.allowReadOnly);
}

/**
 * connect reply (no header): protocolVersion int, timeOut int, sessionId long, passwd buffer, readOnly boolean (not
 * from old servers)
 */
export function decodeConnect(reader: JuteReader): ConnectReply {
  reader.int();
  return {
    timeoutMs: reader.int(),
    sessionId: reader.long(),
    password: reader.bytes(),
    isReadOnly: reader.remaining > 0 && reader.boolean(),
  };
}
