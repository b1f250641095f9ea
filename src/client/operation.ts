// SPDX-License-Identifier: Apache-2.0
import type { JuteReader } from './jute-reader.ts';
import type { JuteWriter } from './jute-writer.ts';

/** One operation of the protocol: a request is a header (xid int, opcode int) and what `encode` writes. */
export interface Operation<Request, Reply> {
  readonly name: string;
  /** Source: ZooDefs.OpCode. */
  readonly opcode: number;
  /** A write without an answer is in doubt. A read without an answer has only no result. */
  readonly isWrite: boolean;
  encode(writer: JuteWriter, request: Request): void;
  /** Called when the header reports success. */
  decode(reader: JuteReader, request: Request): Reply;
  /** A reply is decoded, too, when nobody waits for it any more. */
  readonly decodesLate?: boolean;
  /** For an operation with a result for the error "no node" (−101). */
  noNode?(): Reply;
}
