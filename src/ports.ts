// SPDX-License-Identifier: Apache-2.0
/**
 * Everything that the agent needs from the world, as small interfaces. The real ones are in aws/ and zookeeper/, the
 * simulated ones in test/simulation/. Every call takes an AbortSignal and has a time limit of its own. It rejects with
 * an AgentError (or an AwsError) when it can't get the answer. It never answers "nothing" for "I don't know".
 */
import type { LogEntry } from './log-events.ts';
import type { GroupFact, InstanceFact, SlotFact, SlotKind } from './model/cloud.ts';
import type { DiskFacts, Fence, Occasion, Stamp } from './model/disk.ts';
import type { EnsembleConfig, Member } from './model/member.ts';
import type { NameRecord } from './model/names.ts';
import type { ServerAnswer, ServerEnds } from './model/server.ts';
import type { Zxid } from './model/zxid.ts';

export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  nowMs(): number;
  /** Never goes backwards; only differences mean something. */
  monotonicMs(): number;
  /** Resolves after this time. Rejects with the signal's reason when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export interface InstanceIdentity {
  readonly instance: string;
  readonly address: string;
  readonly region: string;
  readonly zone: string;
}

/** The instance metadata service (IMDSv2). */
export interface Metadata {
  identity(signal: AbortSignal): Promise<InstanceIdentity>;
  /** `autoscaling/target-lifecycle-state`: `InService`, `Terminated`, …; undefined before the first (404). */
  targetLifecycleState(signal: AbortSignal): Promise<string | undefined>;
}

export interface Ec2 {
  /**
   * Uses the filter `instance-id`, so one unknown id does not fail the call. An instance that is missing in the answer
   * is unknown.
   */
  describe(instances: readonly string[], signal: AbortSignal): Promise<readonly InstanceFact[]>;
  /** Instances that carry the cluster's tag (`zookeeper_cluster`), in any state. */
  describeCluster(cluster: string, signal: AbortSignal): Promise<readonly InstanceFact[]>;
  /** Asks for one id alone; true only when EC2 answers InvalidInstanceID.NotFound. */
  isForgotten(instance: string, signal: AbortSignal): Promise<boolean>;
  /** Tags of the node itself; they are for people and permit nothing. */
  tag(instance: string, tags: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void>;
}

export interface AutoScaling {
  /** The name of the instance's group; undefined when it is in none. */
  groupOf(instance: string, signal: AbortSignal): Promise<string | undefined>;
  describe(group: string, signal: AbortSignal): Promise<GroupFact>;
  /** Writes the group's tag `zookeeper_maintenance`. */
  setMaintenance(group: string, on: boolean, signal: AbortSignal): Promise<void>;
  /** Ends the wait of an instance in a lifecycle hook. Resolves also when the instance does not wait in it any more. */
  completeHook(
    group: string,
    hook: string,
    instance: string,
    result: 'CONTINUE' | 'ABANDON',
    signal: AbortSignal,
  ): Promise<void>;
  /** Prolongs the wait by the hook's heartbeat timeout. `over`: the instance does not wait in the hook any more. */
  heartbeat(group: string, hook: string, instance: string, signal: AbortSignal): Promise<'recorded' | 'over'>;
  /**
   * How long the hook can hold an instance, however many heartbeats it gets. Undefined when the group has no such hook.
   */
  hookLimitMs(group: string, hook: string, signal: AbortSignal): Promise<number | undefined>;
}

/** The stack that this node belongs to, which may wait for signals from its nodes. */
export interface StackSignals {
  /** `uniqueId` is the instance's id: the stack counts signals by it. `nobody-waits`: no operation is under way. */
  signal(status: 'SUCCESS' | 'FAILURE', uniqueId: string, signal: AbortSignal): Promise<'told' | 'nobody-waits'>;
}

/** The addresses that the stack made for its nodes. */
export interface SlotShelf {
  readonly kind: SlotKind;
  /** All that carry the cluster's tag. A slot that is missing in the answer is unknown. */
  list(cluster: string, signal: AbortSignal): Promise<readonly SlotFact[]>;
  /** Gives the address to this instance. `taken`: another instance has it, and keeps it. It may be repeated. */
  attach(slot: SlotFact, instance: string, signal: AbortSignal): Promise<'attached' | 'taken'>;
  /** The address that this instance has now, by the metadata service. Undefined when it has none. */
  ownAddress(signal: AbortSignal): Promise<string | undefined>;
}

/** CloudWatch Logs, as far as claims need it: a log stream is a claim. */
export interface ClaimStreams {
  /**
   * `created`: this very call made the stream. `exists`: the stream was there before. `unsure`: the stream is there,
   * but an answer was lost on the way, so this call may have made it.
   */
  create(name: string, signal: AbortSignal): Promise<'created' | 'exists' | 'unsure'>;
  /** All streams, with their age by the service's clock. */
  list(signal: AbortSignal): Promise<readonly { readonly name: string; readonly ageMs: number }[]>;
}

export interface ListedObject {
  readonly key: string;
  /** Another body has another etag. */
  readonly etag: string;
  /** The age by the service's clock. */
  readonly ageMs: number;
}

export interface StoredObject extends ListedObject {
  readonly body: string;
}

/** One S3 bucket, under the cluster's prefix. The keys here are without it. Reads after writes are consistent. */
export interface ObjectStore {
  get(key: string, signal: AbortSignal): Promise<StoredObject | undefined>;
  list(prefix: string, signal: AbortSignal): Promise<readonly ListedObject[]>;
  /**
   * PutObject with `If-None-Match: *`. `exists`: the key is taken, perhaps by a call of our own whose answer was lost.
   */
  createOnce(key: string, body: string, signal: AbortSignal): Promise<'created' | 'exists'>;
  /**
   * PutObject with `If-Match` (or `If-None-Match: *` without an etag). `conflict`: the object is not the expected one.
   */
  replace(key: string, body: string, etag: string | undefined, signal: AbortSignal): Promise<'written' | 'conflict'>;
}

/** The records of addresses of this cluster in its zone. */
export interface Names {
  /** All of them. */
  read(signal: AbortSignal): Promise<readonly NameRecord[]>;
  /**
   * Takes exactly these records away and makes the others, both or neither. `insync`: every name server answers by it.
   * `conflict`: the records are others, perhaps by a call of our own whose answer was lost.
   */
  replace(
    there: readonly NameRecord[],
    wanted: readonly NameRecord[],
    signal: AbortSignal,
  ): Promise<'insync' | 'conflict'>;
}

/** One server as its clients see it: four-letter words and sessions. */
export interface Servers {
  srvr(address: string, signal: AbortSignal): Promise<ServerAnswer>;
  /** How many servers follow this leader by its own count, including those that it still syncs. */
  learners(address: string, signal: AbortSignal): Promise<number>;
  /** Opening a session is itself a committed write. `secret` authenticates as the super user of that server. */
  open(address: string, options: { readonly secret: boolean }, signal: AbortSignal): Promise<Session>;
}

export type ReconfigAnswer = 'ok' | 'in-progress' | 'stale-version' | 'no-quorum' | 'not-authorized' | 'maybe-applied';

export interface ReconfigChange {
  readonly joining?: readonly Member[];
  readonly leaving?: readonly number[];
  readonly fromVersion: Zxid;
}

export interface Session {
  /** `/zookeeper/config` as committed. */
  config(signal: AbortSignal): Promise<EnsembleConfig>;
  reconfig(change: ReconfigChange, signal: AbortSignal): Promise<ReconfigAnswer>;
  close(): Promise<void>;
}

/** Durable notes of the agent to itself. DiskFacts says what each of them means. */
export type Mark = 'left' | 'reported' | 'ready' | 'signalled' | 'abandoned';

/** The node's data and config directories. Every write is durable (fsync) when it resolves, and atomic. */
export interface NodeDisk {
  read(signal: AbortSignal): Promise<DiskFacts>;
  /** Reads this one fact alone: steps ask for it again, and reading all facts takes longer. */
  isFenced(): Promise<boolean>;
  writeId(id: number): Promise<void>;
  writeNonce(nonce: string): Promise<void>;
  /** The file `initialize`. */
  writeMarker(): Promise<void>;
  /** The disk names its volume in the stamp, where it is known. */
  writeStamp(stamp: Omit<Stamp, 'volume'>): Promise<void>;
  /**
   * Writes a fresh config: a `zoo.cfg` that points at a dynamic file of this version, or at the version-less one. Older
   * files, `.next` included, are moved aside.
   */
  writeConfig(config: EnsembleConfig): Promise<void>;
  /** Writes the committed config under its version while the server runs. Nothing else is touched. */
  writeCommitted(config: EnsembleConfig): Promise<void>;
  /**
   * Whether `zoo.cfg` has other settings than this agent gives its server. The config that it points at does not count.
   */
  hasOtherSettings(): Promise<boolean>;
  /** Writes `zoo.cfg` anew, around the config that it points at. */
  writeSettings(): Promise<void>;
  /** Raises `acceptedEpoch` to at least this, and makes `version-2` where it is missing. Never lowers it. */
  raiseAcceptedEpoch(epoch: number): Promise<void>;
  /**
   * Renames `version-2` (with its stamp and config) aside under this name. Does nothing when there is no `version-2`.
   */
  setDataAside(name: string): Promise<void>;
  /**
   * Does the same with a copy of another disk. Marker and nonce are removed first, and the stamp last, also where there
   * is no `version-2`.
   */
  setCopyAside(name: string): Promise<void>;
  /** Copies `version-2`, stamp and config aside, completely or not at all. Checks the free space first. Repeatable. */
  copyDataAside(name: string): Promise<void>;
  /**
   * Copies `version-2` back from aside; there must be no `version-2`. The copy aside stays. The stamp that comes back
   * with it names the present volume.
   */
  restoreAside(name: string): Promise<void>;
  raiseFence(fence: Fence): Promise<void>;
  liftFence(): Promise<void>;
  mark(name: Mark): Promise<void>;
  unmark(name: Mark): Promise<void>;
  /** Notes that no server starts on the present data, until one of the data's files changes. `why` is a sentence. */
  noteFailedStart(why: string): Promise<void>;
  /** Notes that every voter of the config of this version is claimed, and how many members it has. */
  vouch(version: Zxid, members: number): Promise<void>;
  /** Notes that the name of this place stands, by this generation of the claim on it. */
  noteName(place: number, generation: number): Promise<void>;
  /** Notes that the node does this now. */
  note(occasion: Occasion, nowMs: number): Promise<void>;
  /**
   * Since when the node has been in this lifecycle state, in milliseconds since 1970. A state that is new to the disk
   * gets `nowMs`, which the disk then remembers.
   */
  inStateSince(lifecycleState: string, nowMs: number): Promise<number>;
}

/** The process of the node's own server. `restarting`: none, and the supervisor is about to start one by itself. */
export type ServerState =
  | { readonly kind: 'running'; readonly upMs: number }
  | { readonly kind: 'restarting'; readonly ends?: ServerEnds }
  | { readonly kind: 'stopped'; readonly ends?: ServerEnds };

/** What a process has done since its start. */
export interface Work {
  readonly cpuMs: number;
  /** Bytes read and written, of files and connections together. */
  readonly bytes: number;
}

/** Starts and stops the node's own server: systemd on an image, a child process in the lab. */
export interface ServerControl {
  state(signal: AbortSignal): Promise<ServerState>;
  /** Undefined when no process runs, or when its work can't be read. */
  work(signal: AbortSignal): Promise<Work | undefined>;
  /** Returns once the process is started. Refuses while a fence stands, and without a stamp. */
  start(signal: AbortSignal): Promise<void>;
  /**
   * Returns once the process is gone and no supervisor is about to start it again. It never returns while the server
   * still runs or restarts. It may be repeated.
   */
  stop(signal: AbortSignal): Promise<void>;
}

export interface Log {
  /** One JSON object a line; src/log-events.ts lists the events. */
  write(entry: LogEntry): void;
}

export interface Ports {
  readonly clock: Clock;
  readonly metadata: Metadata;
  readonly ec2: Ec2;
  readonly autoScaling: AutoScaling;
  readonly stackSignals: StackSignals;
  /** Absent where a node's address is that of its instance. */
  readonly slots?: SlotShelf;
  readonly claimStreams: ClaimStreams;
  readonly objects: ObjectStore;
  /** Absent where the cluster has no names. */
  readonly names?: Names;
  readonly servers: Servers;
  readonly disk: NodeDisk;
  readonly server: ServerControl;
  /** A fresh random value, 32 hex digits. */
  readonly nonce: () => string;
  readonly log: Log;
}
