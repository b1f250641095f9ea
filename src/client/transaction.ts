// SPDX-License-Identifier: Apache-2.0
import { type Acl, OPEN_ACL } from './acl.ts';
import { type CreateMode, modeProblem } from './create-mode.ts';
import { ZookeeperError } from './errors.ts';
import type { CreateRequest } from './operations/create.ts';
import type { PathAndStat } from './operations/create2.ts';
import { pathProblem } from './path.ts';
import type { Stat } from './stat.ts';

/** What a new znode gets. */
export interface CreateContent extends CreateMode {
  /** Empty if not given. */
  readonly data?: Uint8Array;
  /** Open to all if not given. */
  readonly acl?: Acl;
}

/** Creates a znode. */
export interface CreatePart extends CreateContent {
  /** `create2` gives the stat, too. */
  readonly kind: 'create' | 'create2';
  readonly path: string;
}

/** Replaces the data of a znode; with a version, only if the data is at that version. */
export interface SetPart {
  readonly kind: 'set';
  readonly path: string;
  readonly data: Uint8Array;
  readonly version?: number;
}

/** Deletes a znode that has no children; with a version, only if its data is at that version. */
export interface DeletePart {
  readonly kind: 'delete';
  readonly path: string;
  readonly version?: number;
}

/** Changes nothing. Without its znode, or with another version of its data, the whole transaction fails. */
export interface CheckPart {
  readonly kind: 'check';
  readonly path: string;
  readonly version?: number;
}

/** One operation of a transaction. The servers do all of its parts, in their order, or none. */
export type TransactionPart = CreatePart | SetPart | DeletePart | CheckPart;

/** The path of a created znode, with its stat for `create2`; the stat of one that was set; otherwise nothing. */
export type PartResult<Part> = Part extends { readonly kind: 'create' }
  ? string
  : Part extends { readonly kind: 'create2' }
    ? PathAndStat
    : Part extends { readonly kind: 'set' }
      ? Stat
      : Part extends { readonly kind: 'delete' | 'check' }
        ? undefined
        : never;

/** One result for each part, in their order. */
export type TransactionResults<Parts extends readonly TransactionPart[]> = {
  -readonly [Index in keyof Parts]: PartResult<Parts[Index]>;
};

const NO_DATA = new Uint8Array(0);

export function createRequestOf(path: string, content: CreateContent): CreateRequest {
  return { ...content, path, data: content.data ?? NO_DATA, acl: content.acl ?? OPEN_ACL };
}

export function createProblem(path: string, mode: CreateMode): ZookeeperError | undefined {
  return pathProblem(path, mode.sequential === true) ?? modeProblem(mode);
}

/** What is wrong with the parts, as BAD_REQUEST. It names the part. */
export function transactionProblem(parts: readonly TransactionPart[]): ZookeeperError | undefined {
  if (parts.length === 0) {
    const call = { op: 'multi', path: undefined };
    return new ZookeeperError('BAD_REQUEST', 'multi: a transaction needs a part', undefined, call);
  }
  for (const part of parts) {
    const isCreate = part.kind === 'create' || part.kind === 'create2';
    const problem = isCreate ? createProblem(part.path, part) : pathProblem(part.path, false);
    if (problem !== undefined) return problem.of({ op: part.kind, path: part.path });
  }
  return undefined;
}
