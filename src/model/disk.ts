// SPDX-License-Identifier: Apache-2.0
import type { EnsembleConfig } from './member.ts';
import type { Zxid } from './zxid.ts';

/** What a data directory belongs to. Data of another cluster is refused. */
export interface Stamp {
  readonly cluster: string;
  readonly lineage: number;
  readonly id: number;
  /**
   * The EBS volume that held the data when the stamp was written, such as `vol-0a1b2c3d4e5f60718`. Absent when it was
   * unknown, or when the release before wrote the stamp.
   */
  readonly volume?: string;
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
  /** The EBS volume that holds the data directory. Absent when it is unknown. */
  readonly volume?: string;
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
  /** The claim on a place whose name this node has written, and of which Route 53 said INSYNC. */
  readonly named?: { readonly place: number; readonly generation: number };
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

/** A nonce names the volume that it is written to, so that a copy of the disk does not count as that disk (Disk 3). */
export function nonceOn({ volume }: Pick<DiskFacts, 'volume'>, random: string): string {
  return volume === undefined ? random : `${random}-${volume}`;
}

/**
 * Disk 3: the volume on which the stamp was written, if that is surely another one than the data is on now. Without a
 * stamp the nonce tells. Undefined while either volume is unknown: such a disk is the node's own.
 */
export function copiedFrom(disk: Pick<DiskFacts, 'stamp' | 'nonce' | 'volume' | 'unreadable'>): string | undefined {
  const { stamp, nonce, volume } = disk;
  if (volume === undefined || unreadable(disk, 'stamp')) return undefined;
  const written = stamp === undefined ? /-(vol-[0-9a-f]+)$/.exec(nonce ?? '')?.[1] : stamp.volume;
  return written === volume ? undefined : written;
}

/** Disk 3: the stamp of a voter that serves can name the volume that holds its data, and does not. */
export function lacksVolume({ stamp, volume }: Pick<DiskFacts, 'stamp' | 'volume'>): boolean {
  return stamp !== undefined && volume !== undefined && stamp.volume !== volume;
}

/** The name under which the data that a forced record builds on is kept aside. */
export function sourceCopyName(record: number): string {
  return `source-of-record-${record}`;
}
