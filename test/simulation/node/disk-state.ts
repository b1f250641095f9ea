// SPDX-License-Identifier: Apache-2.0
/** The durable state of a simulated node: it outlives crashes and reboots, and goes with the instance. */
import {
  type DataFacts,
  type DiskFacts,
  type Fence,
  NO_DATABASE,
  type NodeFile,
  type Occasions,
  type Stamp,
  UNREADABLE_FENCE,
} from '../../../src/model/disk.ts';
import type { EnsembleConfig } from '../../../src/model/member.ts';
import type { Zxid } from '../../../src/model/zxid.ts';
import { type Log, lastZxid } from '../zookeeper/entry.ts';
import type { Lines } from '../zookeeper/lines.ts';

/** How all the data on a copy of a disk came to its node. */
export interface Brought {
  /** What the disk before it held, as far as anybody could know of it. */
  readonly before: readonly Log[];
  /** The newest record that was decided when the node first reported with the copy. */
  toldAfter: number | undefined;
}

/** A `version-2` directory. */
export interface DataState {
  acceptedEpoch: number;
  currentEpoch: number;
  log: Log;
  /** The last entry of the newest snapshot; cutting the log before it keeps what the snapshot holds. */
  snapshot: Log;
  /** A snapshot exists, `snapshot.0` at least: without one a server can't vote (db.autocreate=false). */
  initialised: boolean;
  /** Another history's entries stayed in the snapshot when the log was cut. */
  foreign: boolean;
  /** A server ends at its start on it, though nothing that the agent reads says so. */
  unloadable?: boolean;
  /** What the agent has noted of that. */
  failed?: string | undefined;
  /** What `currentEpoch.tmp` holds. */
  half?: number | 'empty' | undefined;
  /** No server starts on it; the agent's reader may see how far it goes, or not. */
  bad?: 'known-end' | 'hidden-end' | undefined;
  /** It came with a copy of a disk. */
  brought?: Brought;
}

export interface AsideState {
  readonly name: string;
  readonly stamp: Stamp | undefined;
  readonly data: DataState;
  readonly config: EnsembleConfig | undefined;
}

export const MOST_FREE_SHARE = 0.9;

export interface DiskState {
  /** The EBS volume; undefined where the instance does not show it. */
  readonly volume: string | undefined;
  id: number | undefined;
  /** The id came with a copy of another node's disk, and no agent has written it here. */
  isCopiedId?: boolean;
  stamp: Stamp | undefined;
  nonce: string | undefined;
  data: DataState | undefined;
  marker: boolean;
  fence: Fence | undefined;
  left: boolean;
  reported: boolean;
  ready: boolean;
  signalled: boolean;
  abandoned: boolean;
  vouched: Zxid | undefined;
  named: { readonly place: number; readonly generation: number } | undefined;
  lifecycle: { readonly lifecycleState: string; readonly sinceMs: number } | undefined;
  config: EnsembleConfig | undefined;
  pending: EnsembleConfig | undefined;
  aside: AsideState[];
  /** When data was set aside, whatever the agent has noted. */
  asidesAtMs: readonly number[];
  occasions: Occasions;
  /** How often its server ended at its start since it was last stopped. */
  failures: number;
  /** When the last of these failures was. */
  failedAtMs: number;
  /** Nothing can be written. */
  full: boolean;
  /** How much of it is free, while it is not full. */
  freeShare: number;
  /** What stands in these can't be read from the disk any more. */
  readonly torn: Set<NodeFile>;
}

export function blankDisk(volume?: string): DiskState {
  return {
    volume,
    id: undefined,
    stamp: undefined,
    nonce: undefined,
    data: undefined,
    marker: false,
    fence: undefined,
    left: false,
    reported: false,
    ready: false,
    signalled: false,
    abandoned: false,
    vouched: undefined,
    named: undefined,
    lifecycle: undefined,
    config: undefined,
    pending: undefined,
    aside: [],
    asidesAtMs: [],
    occasions: { 'fresh-config': [], 'set-aside': [] },
    failures: 0,
    failedAtMs: 0,
    full: false,
    freeShare: MOST_FREE_SHARE,
    torn: new Set(),
  };
}

/** A disk with the same contents, made from a snapshot of that one or with the image of its node. */
export function copyOfDisk(disk: DiskState, volume: string | undefined): DiskState {
  const { data } = disk;
  return {
    ...disk,
    volume,
    data: data && copyOfData(data),
    aside: disk.aside.map((aside) => ({ ...aside, data: copyOfData(aside.data) })),
    torn: new Set(disk.torn),
  };
}

/** What a server leaves that started on nothing without the marker and has not synced: both epochs are −1 then. */
export function blankData(epoch: 0 | -1): DataState {
  return {
    acceptedEpoch: epoch,
    currentEpoch: epoch,
    log: undefined,
    snapshot: undefined,
    initialised: false,
    foreign: false,
  };
}

export function copyOfData(data: DataState): DataState {
  return { ...data };
}

function dataFacts(data: DataState): DataFacts {
  const damage = damageOf(data) ?? data.failed;
  const hidden = data.bad === 'hidden-end';
  return {
    currentEpoch: data.initialised ? epochAtStart(data) : NO_DATABASE,
    acceptedEpoch: Math.max(0, data.acceptedEpoch),
    lastZxid: lastZxid(hidden ? data.snapshot : data.log),
    ...(damage ? { damage } : {}),
    ...(hidden ? { mayHoldMore: true } : {}),
  };
}

/** A crash between the snapshot from the leader and the epoch that belongs to it: no server starts on that. */
export function damageOf(data: DataState): string | undefined {
  if (data.bad !== undefined) return 'A log is damaged.';
  if ((data.log?.epoch ?? 0) <= Math.max(0, data.currentEpoch)) return undefined;
  if (data.half === 'empty') return 'currentEpoch.tmp holds nothing.';
  if (data.half !== undefined) return undefined;
  return `The current epoch ${data.currentEpoch} is older than the epoch ${data.log?.epoch} of the last zxid.`;
}

/** QuorumPeer.loadDataBase: what was to be the current epoch, where the log is ahead of the one that is. */
export function epochAtStart(data: DataState): number {
  const ahead = (data.log?.epoch ?? 0) > Math.max(0, data.currentEpoch);
  return ahead && typeof data.half === 'number' ? data.half : data.currentEpoch;
}

/** What the agent's reader of the disk makes of it. */
export function diskFacts(disk: DiskState, lines: Lines): DiskFacts {
  const facts = wholeFacts(disk, lines);
  if (disk.torn.size === 0) return facts;
  const unreadable = [...disk.torn].sort().map((what) => ({ what, file: `/var/lib/${what}`, why: 'it is empty' }));
  const left = Object.fromEntries(Object.entries(facts).filter(([name]) => !disk.torn.has(name as NodeFile)));
  const fence = disk.fence && disk.torn.has('fence') ? { fence: UNREADABLE_FENCE } : {};
  return { ...(left as unknown as DiskFacts), ...fence, unreadable };
}

function wholeFacts(disk: DiskState, lines: Lines): DiskFacts {
  return {
    marker: disk.marker,
    left: disk.left,
    reported: disk.reported,
    ready: disk.ready,
    signalled: disk.signalled,
    occasions: disk.occasions,
    freeShare: disk.full ? 0 : disk.freeShare,
    aside: disk.aside.map((aside) => ({
      name: aside.name,
      lineage: aside.stamp?.lineage ?? 0,
      data: dataFacts(aside.data),
      ...(aside.config ? { config: lines.asRead(aside.config) } : {}),
    })),
    // What is absent has no key. Last, since an object with keys after such spreads takes far longer to make.
    ...(disk.id === undefined ? {} : { id: disk.id }),
    ...(disk.volume === undefined ? {} : { volume: disk.volume }),
    ...(disk.stamp ? { stamp: disk.stamp } : {}),
    ...(disk.nonce === undefined ? {} : { nonce: disk.nonce }),
    ...(disk.data ? { data: dataFacts(disk.data) } : {}),
    ...(disk.fence ? { fence: disk.fence } : {}),
    ...(disk.abandoned ? { abandoned: true as const } : {}),
    ...(disk.vouched ? { vouched: disk.vouched } : {}),
    ...(disk.named ? { named: disk.named } : {}),
    ...(disk.config ? { config: lines.asRead(disk.config) } : {}),
    ...(disk.pending ? { pending: lines.asRead(disk.pending) } : {}),
  };
}
