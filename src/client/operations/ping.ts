// SPDX-License-Identifier: Apache-2.0
import type { JuteWriter } from '../jute-writer.ts';

export const PING_XID = -2;

/** ping: a header alone, xid −2, opcode 11; the answer is a reply header with the same xid */
export function encodePing(writer: JuteWriter): void {
  writer.beginFrame();
  writer.int(PING_XID);
  writer.int(11);
  writer.endFrame();
}
