// SPDX-License-Identifier: Apache-2.0
import { ServerError } from '../errors.ts';
import type { Operation } from '../operation.ts';
import { type DataAndStat, get } from './get.ts';
import {
  ERROR_RESULT,
  readErrorResult,
  readMultiResults,
  writeMultiEnd,
  writeMultiHeader,
  wrongResult,
} from './multi-header.ts';

/** One read of `multiRead`. */
export interface ReadPart {
  /** Which read it is. */
  readonly kind: 'get' | 'getChildren';
  readonly path: string;
}

/** Of `get`: data and stat. Of `getChildren`: names without the path, in no order. Or why this one read failed. */
export type ReadResult<Part extends ReadPart = ReadPart> =
  | (Part['kind'] extends 'get' ? DataAndStat : Part['kind'] extends 'getChildren' ? string[] : DataAndStat | string[])
  | ServerError;

/** One result for each read, in their order. */
export type ReadResults<Parts extends readonly ReadPart[]> = {
  -readonly [Index in keyof Parts]: ReadResult<Parts[Index]>;
};

/** In a multiRead, children come without a stat. Source: ZooDefs.OpCode.getChildren. */
const GET_CHILDREN_OPCODE = 8;

/**
 * multiRead: for each read a multi header with its opcode, path string, watch boolean (which servers ignore here); then
 * the end → for each read a multi header with its opcode, then data buffer and stat, or a vector of string; then the
 * end
 */
export const multiRead: Operation<readonly ReadPart[], ReadResult[]> = {
  name: 'multiRead',
  opcode: 22,
  isWrite: false,
  encode: (writer, parts) => {
    for (const { kind, path } of parts) {
      writeMultiHeader(writer, kind === 'get' ? get.opcode : GET_CHILDREN_OPCODE);
      writer.path(path);
      writer.boolean(false);
    }
    writeMultiEnd(writer);
  },
  decode: (reader, parts) =>
    readMultiResults(reader, parts, (type, { kind, path }) => {
      if (type === ERROR_RESULT) {
        return new ServerError(readErrorResult(reader), `multiRead, ${kind} ${path}`, { op: kind, path });
      }
      if (kind === 'get' && type === get.opcode) return get.decode(reader, path);
      if (kind === 'getChildren' && type === GET_CHILDREN_OPCODE) return reader.strings();
      throw wrongResult(type, kind);
    }),
};
