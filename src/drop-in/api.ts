// SPDX-License-Identifier: Apache-2.0
/** The types of the old API. None of the client's stands here, so that old compilers read them, too. */
import type { ACL } from './acl.ts';
import type { Event } from './event.ts';
import type { Exception } from './exception.ts';

export interface Option {
  /** The timeout to ask for, in milliseconds; 30,000 if not given. */
  sessionTimeout: number;
  /** Taken, and not used: the pauses between attempts grow by themselves, up to a second. */
  spinDelay: number;
  /** How often a call that lost its connection is done again; never if not given. */
  retries: number;
}

/** Numbers of 64 bits are buffers of 8 bytes, the highest first. Times are Unix milliseconds. */
export interface BufferStat {
  czxid: Buffer;
  mzxid: Buffer;
  ctime: Buffer;
  mtime: Buffer;
  version: number;
  cversion: number;
  aversion: number;
  ephemeralOwner: Buffer;
  dataLength: number;
  numChildren: number;
  pzxid: Buffer;
}

export type Watcher = (event: Event) => void;

/** Beside an error the other arguments of a callback are missing, unless a call says otherwise. */
type Failure = Error | Exception | null;
export type DoneCallback = (error: Failure) => void;
export type PathCallback = (error: Failure, path: string) => void;
export type StatCallback = (error: Failure, stat: BufferStat) => void;
/** The data is undefined where it is null. */
export type DataCallback = (error: Failure, data: Buffer, stat: BufferStat) => void;
export type ChildrenCallback = (error: Failure, children: string[], stat: BufferStat) => void;
export type TreeCallback = (error: Failure, paths: string[]) => void;
export type AclCallback = (error: Failure, acls: ACL[], stat: BufferStat) => void;

/** Data, ACLs or mode of a new znode. Anything else is passed over, as it always was. */
export type ContentArgument = Buffer | ACL[] | number | null | undefined;
/** Data, ACLs and mode in any order, or less of them, and then the callback. */
export type ContentThen<Callback> =
  | [Callback]
  | [ContentArgument, Callback]
  | [ContentArgument, ContentArgument, Callback]
  | [ContentArgument, ContentArgument, ContentArgument, Callback];
export type VersionThen<Callback> = [Callback] | [number, Callback];
export type WatcherThen<Callback> = [Callback] | [Watcher | null | undefined, Callback];

/** What one operation of a transaction gave: the path of a new znode, or the stat of one that was set. */
export interface CommitResult {
  /** 1 for create, 2 for remove, 5 for setData, 13 for check, −1 for a failure. */
  type: number;
  path?: string;
  stat?: BufferStat;
  /** In a transaction that failed: the number of the failure, 0 before it, −2 after it. */
  err?: number;
}

/** The results are missing when no operation failed, but the whole request. */
export type CommitCallback = (error: Failure, results: CommitResult[]) => void;

/** Gathers operations; `commit` does all of them, or none. It may be called again, and does everything again. */
export interface Transaction {
  create(path: string, first?: ContentArgument, second?: ContentArgument, third?: ContentArgument): this;
  setData(path: string, data?: Buffer | null, version?: number): this;
  check(path: string, version?: number): this;
  remove(path: string, version?: number): this;
  commit(callback: CommitCallback): void;
}
