// SPDX-License-Identifier: Apache-2.0
import type { JuteWriter } from '../jute-writer.ts';

export const AUTH_XID = -4;

export interface Credential {
  readonly scheme: string;
  /** For the scheme `digest`: `user:password`. */
  readonly auth: Uint8Array;
}

/** auth: header (xid −4, opcode 100), type int (always 0), scheme string, auth buffer; the answer is a reply header */
export function encodeAuth(writer: JuteWriter, credential: Credential): void {
  writer.beginFrame();
  writer.int(AUTH_XID);
  writer.int(100);
  writer.int(0);
  writer.string(credential.scheme);
  writer.bytes(credential.auth);
  writer.endFrame();
}
