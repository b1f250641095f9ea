// SPDX-License-Identifier: Apache-2.0
import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';

/** sasl: header (an ordinary xid, opcode 102), token buffer → token buffer, which may be null */
export function encodeSasl(writer: JuteWriter, xid: number, token: Uint8Array): void {
  writer.int(xid);
  writer.int(102);
  writer.bytes(token);
}

export function decodeSasl(reader: JuteReader): Buffer {
  return reader.bytes();
}
