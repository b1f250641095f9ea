// SPDX-License-Identifier: Apache-2.0
import { ProtocolError } from '../errors.ts';
import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';

/** The type of a result that is an error. */
export const ERROR_RESULT = -1;

/**
 * multi header: type int, done boolean, err int. One stands before each part of a multi or multiRead, and before each
 * result; a last one, of type −1 and done, ends the list. Source: MultiOperationRecord and MultiResponse.
 */
export function writeMultiHeader(writer: JuteWriter, opcode: number): void {
  writer.int(opcode);
  writer.boolean(false);
  writer.int(-1);
}

export function writeMultiEnd(writer: JuteWriter): void {
  writer.int(-1);
  writer.boolean(true);
  writer.int(-1);
}

/** One result for each part, in their order. `read` gets the result's type, which is an opcode or ERROR_RESULT. */
export function readMultiResults<Part, Result>(
  reader: JuteReader,
  parts: readonly Part[],
  read: (type: number, part: Part) => Result,
): Result[] {
  const results: Result[] = [];
  for (;;) {
    const type = reader.int();
    const isEnd = reader.boolean();
    reader.int();
    const part = parts[results.length];
    if (isEnd) {
      if (part === undefined) return results;
      throw new ProtocolError(`${results.length} results came for the ${parts.length} parts of a multi`);
    }
    if (part === undefined) throw new ProtocolError(`more than ${parts.length} results came for the parts of a multi`);
    results.push(read(type, part));
  }
}

/** An error result has the error's number: 0 for a part that did not fail itself. */
export function readErrorResult(reader: JuteReader): number {
  return reader.int();
}

export function wrongResult(type: number, kind: string): ProtocolError {
  return new ProtocolError(`a result of type ${type} came for the part "${kind}" of a multi`);
}
