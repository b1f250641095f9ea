// SPDX-License-Identifier: Apache-2.0
import type { EnsembleConfig } from './member.ts';
import type { Zxid } from './zxid.ts';

/** What a data directory belongs to. Data of another cluster is refused. */
export interface Stamp {
  readonly cluster: string;
  readonly lineage: number;
  readonly id: number;
}

/** The current epoch of a `version-2` in which no database was ever written, as ZooKeeper itself puts it. */
export const NO_DATABASE = -1;

/**
 * The contents of a `version-2` directory. Epochs are whole numbers; a missing file counts as the last zxid's epoch.
 */
export interface DataFacts {
  /** NO_DATABASE where there is neither snapshot nor log. Such a server can follow, but can't vote. */
  readonly currentEpoch: number;
  readonly acceptedEpoch: number;
  /** From the names of snapshots and the entries of transaction logs. It was logged, but not necessarily committed. */
  readonly lastZxid: Zxid;
  /** Set when a file in it would stop or mislead a server at its start: a sentence for the operator about it. */
  readonly damage?: string;
  /** The damage hides where the data ends, so the data may hold more than `lastZxid` says. */
  readonly mayHoldMore?: boolean;
}

/** Data that was renamed or copied aside, with the facts it had then. Nothing in the product deletes it. */
export interface AsideFacts {
  readonly name: string;
  readonly lineage: number;
  readonly data: DataFacts;
  readonly config?: EnsembleConfig;
}

/**
 * A fence keeps the server from starting, by systemd too. It names the record that was the newest when it was raised.
 */
export interface Fence {
  readonly record: number;
}

/** What the agent may do only seldom, and when it did, in milliseconds since 1970. Only the last times are kept. */
export type Occasion = 'fresh-config' | 'set-aside';
export type Occasions = Readonly<Record<Occasion, readonly number[]>>;

/** Stands for a fence file that can't be read. No record is known to be newer, so this fence never counts as over. */
export const UNREADABLE_FENCE: Fence = { record: Number.MAX_SAFE_INTEGER };

/**
 * `marks`: what the agent has noted for itself. `aside`: one folder of data set aside. Files in `version-2` have no
 * kind here: DataFacts has their `damage`.
 */
export type NodeFile = 'id' | 'stamp' | 'nonce' | 'fence' | 'config' | 'pending' | 'aside' | 'marks';

/** A file that is there, or may be, but has no content that can be used. */
export interface UnreadableFile {
  readonly what: NodeFile;
  readonly file: string;
  readonly why: string;
  /**
   * The file is whole, but was written by a newer release, which this one does not understand. Nothing is wrong with
   * it.
   */
  readonly newer?: true;
}

/**
 * Everything about the node that is on its own disk. An optional field is missing when its file is absent, or can't be
 * read; in the second case `unreadable` says so. A fence that can't be read is a fence.
 */
export interface DiskFacts {
  readonly id?: number;
  readonly stamp?: Stamp;
  readonly nonce?: string;
  readonly data?: DataFacts;
  /** The file `initialize`: a first start with an empty database is due. */
  readonly marker: boolean;
  readonly fence?: Fence;
  /** The durable mark of `leave`: only `bootstrap --rejoin` lifts it. */
  readonly left: boolean;
  /** A report of ours may lie in the bucket. */
  readonly reported: boolean;
  /** The bootstrap of this node has finished once and its tag was written. */
  readonly ready: boolean;
  /** The stack has been told that this node votes. */
  readonly signalled: boolean;
  /** This node has begun to abandon its launch. The call may have arrived, or may still arrive. */
  readonly abandoned?: true;
  /** The version of the last config of which this node has seen all voters to be claimed. */
  readonly vouched?: Zxid;
  /** The config that `zoo.cfg` points at. */
  readonly config?: EnsembleConfig;
  /** `zoo.cfg.dynamic.next`: a config that was proposed and may still commit. */
  readonly pending?: EnsembleConfig;
  readonly aside: readonly AsideFacts[];
  readonly occasions?: Occasions;
  /** The share of the disk that is free, from 0 to 1. Absent when it is unknown. */
  readonly freeShare?: number;
  /** How much of the disk the server's user may fill, in bytes. Absent when it is unknown. */
  readonly diskBytes?: number;
  /** Absent when everything could be read. */
  readonly unreadable?: readonly UnreadableFile[];
}

export function unreadable(
  { unreadable: files = [] }: Pick<DiskFacts, 'unreadable'>,
  what: NodeFile,
): UnreadableFile | undefined {
  return files.find((file) => file.what === what);
}

/** The name under which the data that a forced record builds on is kept aside. */
export function sourceCopyName(record: number): string {
  return `source-of-record-${record}`;
}
