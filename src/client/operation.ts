// SPDX-License-Identifier: Apache-2.0
import type { JuteReader } from './jute-reader.ts';
import type { JuteWriter } from './jute-writer.ts';

/** One operation of the protocol: a request is a header (xid int, opcode int) and what `encode` writes. */
export interface Operation<Request, Reply> {
  readonly name: string;
  /** Source: ZooDefs.OpCode. */
  readonly opcode: number;
  /** A write without an answer is in doubt; a read is merely without an answer. */
  readonly isWrite: boolean;
  encode(writer: JuteWriter, request: Request): void;
  /** Called when the header says that all went well. */
  decode(reader: JuteReader): Reply;
  /** For an operation to which "no node" (−101) is an answer. */
  noNode?(): Reply;
}
