// SPDX-License-Identifier: Apache-2.0
import { nameOf, TransactionError } from '../errors.ts';
import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';
import type { Operation } from '../operation.ts';
import { readStat, type Stat } from '../stat.ts';
import { type CreatePart, createRequestOf, type TransactionPart } from '../transaction.ts';
import { CHECK_OPCODE, encodeCheck } from './check.ts';
import { create, encodeCreate } from './create.ts';
import { createContainer } from './create-container.ts';
import { createTtl, encodeCreateTtl } from './create-ttl.ts';
import { create2, type PathAndStat, readPathAndStat } from './create2.ts';
import { deleteNode } from './delete.ts';
import {
  ERROR_RESULT,
  readErrorResult,
  readMultiResults,
  writeMultiEnd,
  writeMultiHeader,
  wrongResult,
} from './multi-header.ts';
import { set } from './set.ts';

type AnyResult = string | PathAndStat | Stat | undefined;

/**
 * multi: for each part a multi header with its opcode, and its own request; then the end → for each part a multi header
 * with its opcode, and its own reply; then the end.
 *
 * When a part fails, the reply still counts as a success in its own header, and every result is an error: of number 0
 * before the part that failed, then the number of the failure, then −2 for the parts that were not tried.
 */
export const multi: Operation<readonly TransactionPart[], AnyResult[] | TransactionError> = {
  name: 'multi',
  opcode: 14,
  isWrite: true,
  encode: (writer, parts) => {
    for (const part of parts) encodePart(writer, part);
    writeMultiEnd(writer);
  },
  decode: (reader, parts) => {
    const numbers: number[] = [];
    const results = readMultiResults(reader, parts, (type, part) => {
      if (type !== ERROR_RESULT) return readResult(reader, type, part);
      numbers.push(readErrorResult(reader));
      return undefined;
    });
    return numbers.length === 0 ? results : failureOf(parts, numbers);
  },
};

function encodePart(writer: JuteWriter, part: TransactionPart): void {
  switch (part.kind) {
    case 'set':
      writeMultiHeader(writer, set.opcode);
      set.encode(writer, { path: part.path, data: part.data, version: part.version ?? -1 });
      return;
    case 'delete':
      writeMultiHeader(writer, deleteNode.opcode);
      deleteNode.encode(writer, { path: part.path, version: part.version ?? -1 });
      return;
    case 'check':
      writeMultiHeader(writer, CHECK_OPCODE);
      encodeCheck(writer, part.path, part.version ?? -1);
      return;
    default:
      writeMultiHeader(writer, createOpcode(part));
      if (part.ttlMs === undefined) encodeCreate(writer, createRequestOf(part.path, part));
      else encodeCreateTtl(writer, createRequestOf(part.path, part));
  }
}

function createOpcode(part: CreatePart): number {
  if (part.container === true) return createContainer.opcode;
  if (part.ttlMs !== undefined) return createTtl.opcode;
  return part.kind === 'create' ? create.opcode : create2.opcode;
}

/** Containers and znodes with a TTL are answered like create2, whatever was asked. */
function readResult(reader: JuteReader, type: number, part: TransactionPart): AnyResult {
  const { kind } = part;
  if (kind === 'create' && type === create.opcode) return reader.path();
  if (kind === 'create' && type === create2.opcode) return readPathAndStat(reader).path;
  if (kind === 'create2' && type === create2.opcode) return readPathAndStat(reader);
  if (kind === 'set' && type === set.opcode) return readStat(reader);
  if (kind === 'delete' && type === deleteNode.opcode) return undefined;
  if (kind === 'check' && type === CHECK_OPCODE) return undefined;
  throw wrongResult(type, kind);
}

function failureOf(parts: readonly TransactionPart[], numbers: readonly number[]): TransactionError {
  const found = numbers.findIndex((number) => number !== 0);
  const index = Math.max(0, found);
  const part = { op: parts[index]?.kind ?? 'multi', path: parts[index]?.path };
  const what = `multi, part ${index + 1} of ${parts.length}, ${nameOf(part)}`;
  return new TransactionError(numbers[index] ?? 0, what, index, part);
}
