// SPDX-License-Identifier: Apache-2.0
import type { EnsembleConfig } from './member.ts';
import type { Zxid } from './zxid.ts';

/** Who a data directory belongs to. Data of another cluster is refused. */
export interface Stamp {
  readonly cluster: string;
  readonly lineage: number;
  readonly id: number;
}

/** The current epoch of a `version-2` in which no database was ever written, as ZooKeeper itself puts it. */
export const NO_DATABASE = -1;

/** What a `version-2` directory holds. Epochs are whole numbers; a missing epoch file counts as that of the last zxid. */
export interface DataFacts {
  /** NO_DATABASE where there is neither snapshot nor log: such a server can follow, and can't vote. */
  readonly currentEpoch: number;
  readonly acceptedEpoch: number;
  /** From the names of snapshots and the entries of transaction logs: logged, not necessarily committed. */
  readonly lastZxid: Zxid;
  /** Set when something in it is not as a server wants it at its start: what was found, a sentence for the operator. */
  readonly damage?: string;
  /** The damage hides where the data ends: it may hold more than `lastZxid` tells. */
  readonly mayHoldMore?: boolean;
}

/** Data that was renamed or copied aside, with the facts it had then. Nothing in the product deletes it. */
export interface AsideFacts {
  readonly name: string;
  readonly lineage: number;
  readonly data: DataFacts;
  readonly config?: EnsembleConfig;
}

/** A fence keeps the server from starting, systemd included. It names the newest record when it was raised. */
export interface Fence {
  readonly record: number;
}

/** What the agent does seldom only, and when it did, milliseconds since 1970; only the last times are kept. */
export type Occasion = 'fresh-config' | 'set-aside';
export type Occasions = Readonly<Record<Occasion, readonly number[]>>;

/** The fence of a file that can't be read: no record is known to be newer, so it never counts as over. */
export const UNREADABLE_FENCE: Fence = { record: Number.MAX_SAFE_INTEGER };

/** `marks` is what the agent has written down for itself; `aside` one folder of data set aside. Data has its `damage`. */
export type NodeFile = 'id' | 'stamp' | 'nonce' | 'fence' | 'config' | 'pending' | 'aside' | 'marks';

/** A file that is there, or may be, and says nothing that can be used. */
export interface UnreadableFile {
  readonly what: NodeFile;
  readonly file: string;
  readonly why: string;
  /** Whole, and written by a release that this one does not understand: nothing is wrong with the file. */
  readonly newer?: true;
}

/**
 * Everything about the node that is on its own disk. Optional members are absent from the disk, or can't be read: then
 * `unreadable` says so. A fence that can't be read is a fence.
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
  /** This node has begun to abandon its launch: the call may have arrived, or may yet. */
  readonly abandoned?: true;
  /** The version of the config whose voters this node has last seen to be claimed, every one of them. */
  readonly vouched?: Zxid;
  /** The config that `zoo.cfg` points at. */
  readonly config?: EnsembleConfig;
  /** `zoo.cfg.dynamic.next`, a config that was proposed and may yet commit. */
  readonly pending?: EnsembleConfig;
  readonly aside: readonly AsideFacts[];
  readonly occasions?: Occasions;
  /** The share of the disk that is free, from 0 to 1; absent when it can't be had. */
  readonly freeShare?: number;
  /** What the server's user may fill of the disk, bytes; absent when it can't be had. */
  readonly diskBytes?: number;
  /** Absent where everything could be read. */
  readonly unreadable?: readonly UnreadableFile[];
}

export function unreadable(
  { unreadable: files = [] }: Pick<DiskFacts, 'unreadable'>,
  what: NodeFile,
): UnreadableFile | undefined {
  return files.find((file) => file.what === what);
}

/** Under which name the data that a forced record builds on is kept aside. */
export function sourceCopyName(record: number): string {
  return `source-of-record-${record}`;
}
