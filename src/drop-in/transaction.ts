// SPDX-License-Identifier: Apache-2.0
import { NULL_DATA, type Stat, TransactionError, type TransactionPart, type ZookeeperClient } from '../client/index.ts';
import type { CommitCallback, CommitResult, ContentArgument, Transaction } from './api.ts';
import { checkCallback, checkData, checkPath, checkVersion } from './arguments.ts';
import { NewContent } from './content.ts';
import { bufferStatOf } from './conversions.ts';
import { exceptionOf } from './exception.ts';
import type { CallOutcome } from './in-order.ts';

/** The numbers of the operations in results. */
const TYPES = { create: 1, delete: 2, set: 5, check: 13, error: -1 } as const;
const NOT_TRIED = -2;

type Run = <Reply>(
  call: (client: ZookeeperClient) => Promise<Reply>,
  done: (outcome: CallOutcome<Reply>) => void,
) => void;

export class OpenTransaction implements Transaction {
  readonly #run: Run;
  readonly #parts: (() => TransactionPart)[] = [];

  constructor(run: Run) {
    this.#run = run;
  }

  create(path: string, first?: ContentArgument, second?: ContentArgument, third?: ContentArgument): this {
    checkPath(path);
    const content = new NewContent([first, second, third]);
    return this.#add(() => ({ kind: 'create', path, ...content.forClient }));
  }

  setData(path: string, data?: Buffer | null, version = -1): this {
    checkPath(path);
    checkData(data);
    checkVersion(version);
    return this.#add(() => ({ kind: 'set', path, data: data ?? NULL_DATA, version }));
  }

  check(path: string, version = -1): this {
    checkPath(path);
    checkVersion(version);
    return this.#add(() => ({ kind: 'check', path, version }));
  }

  remove(path: string, version = -1): this {
    checkPath(path);
    checkVersion(version);
    return this.#add(() => ({ kind: 'delete', path, version }));
  }

  commit(callback: CommitCallback): void {
    checkCallback(callback);
    const parts = [...this.#parts];
    const call = async (client: ZookeeperClient): Promise<CommitResult[]> => {
      // Without an operation there is nothing to do, but the session may have ended.
      if (parts.length === 0) return client.sync('/').then(() => []);
      const asked = parts.map((part) => part());
      const results: readonly unknown[] = await client.multi(asked);
      return asked.map((part, index) => resultOf(part, results[index]));
    };
    this.#run(call, (outcome) => {
      if (outcome.ok) callback(null, outcome.reply);
      else callback(exceptionOf(outcome.error), failuresOf(parts.length, outcome.error) as CommitResult[]);
    });
  }

  #add(part: () => TransactionPart): this {
    this.#parts.push(part);
    return this;
  }
}

function resultOf({ kind }: TransactionPart, result: unknown): CommitResult {
  if (kind === 'set') return { type: TYPES.set, stat: bufferStatOf(result as Stat) };
  if (kind === 'create' || kind === 'create2') return { type: TYPES.create, path: result as string };
  return { type: TYPES[kind] };
}

/** Undefined where no operation failed, but the whole request. */
function failuresOf(count: number, error: unknown): CommitResult[] | undefined {
  const cause = error instanceof Error && error.cause instanceof TransactionError ? error.cause : error;
  if (!(cause instanceof TransactionError)) return undefined;
  return Array.from({ length: count }, (_, index) => {
    const err = index < cause.index ? 0 : index === cause.index ? cause.number : NOT_TRIED;
    return { type: TYPES.error, err };
  });
}
