// SPDX-License-Identifier: Apache-2.0
/**
 * Everything the agent needs of the world, as small interfaces: the real ones stand in aws/ and zookeeper/, the
 * simulated ones in test/simulation/. Every call takes an AbortSignal, has a limit of its own, and rejects with an
 * AgentError (or an AwsError) when the answer is not to be had; it never answers "nothing" for "I don't know".
 */
import type { LogEntry } from './log-events.ts';
import type { GroupFact, InstanceFact } from './model/cloud.ts';
import type { DiskFacts, Fence, Occasion, Stamp } from './model/disk.ts';
import type { EnsembleConfig, Member } from './model/member.ts';
import type { ServerAnswer, ServerEnds } from './model/server.ts';
import type { Zxid } from './model/zxid.ts';

export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  nowMs(): number;
  /** Never goes backwards; only differences mean something. */
  monotonicMs(): number;
  /** Resolves after the time, rejects with the signal's reason when it is aborted. */
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
  /** By the filter `instance-id`, so one unknown id does not fail the call. An instance missing here is unknown. */
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
  /** Ends the wait of an instance in a lifecycle hook; resolves as well when it does not wait in it any more. */
  completeHook(
    group: string,
    hook: string,
    instance: string,
    result: 'CONTINUE' | 'ABANDON',
    signal: AbortSignal,
  ): Promise<void>;
  /** Prolongs the wait by the hook's heartbeat timeout; `over` when the instance does not wait in it any more. */
  heartbeat(group: string, hook: string, instance: string, signal: AbortSignal): Promise<'recorded' | 'over'>;
  /** How long the hook can hold an instance, however many heartbeats; undefined when the group has no such hook. */
  hookLimitMs(group: string, hook: string, signal: AbortSignal): Promise<number | undefined>;
}

/** The stack that this node belongs to, as far as it waits for its nodes. */
export interface StackSignals {
  /** `uniqueId` is the instance's id: a stack counts signals by it. `nobody-waits`: no operation is under way. */
  signal(status: 'SUCCESS' | 'FAILURE', uniqueId: string, signal: AbortSignal): Promise<'told' | 'nobody-waits'>;
}

/** CloudWatch Logs, as far as a log stream is a claim. */
export interface ClaimStreams {
  /**
   * `created`: this very call made it. `exists`: somebody did before. `unsure`: it is there, but an answer was lost
   * on the way, so it may have been this call.
   */
  create(name: string, signal: AbortSignal): Promise<'created' | 'exists' | 'unsure'>;
  /** All streams, with their age by the service's clock. */
  list(signal: AbortSignal): Promise<readonly { readonly name: string; readonly ageMs: number }[]>;
}

export interface StoredObject {
  readonly key: string;
  readonly body: string;
  readonly etag: string;
  /** By the service's clock. */
  readonly ageMs: number;
}

/** One S3 bucket under the cluster's prefix; keys here are without it. Reads after writes are consistent. */
export interface ObjectStore {
  get(key: string, signal: AbortSignal): Promise<StoredObject | undefined>;
  list(prefix: string, signal: AbortSignal): Promise<readonly { readonly key: string; readonly ageMs: number }[]>;
  /** PutObject with `If-None-Match: *`: `exists` when the key is taken (perhaps by a lost answer of our own). */
  createOnce(key: string, body: string, signal: AbortSignal): Promise<'created' | 'exists'>;
  /** PutObject with `If-Match` (or `If-None-Match: *` without an etag): `conflict` when it is not as expected. */
  replace(key: string, body: string, etag: string | undefined, signal: AbortSignal): Promise<'written' | 'conflict'>;
}

/** One server as its clients see it: four-letter words and sessions. */
export interface Servers {
  srvr(address: string, signal: AbortSignal): Promise<ServerAnswer>;
  /** How many servers follow this leader by its own count, those that are still being synced too. */
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

/** Durable notes of the agent to itself; DiskFacts says what each of them means. */
export type Mark = 'left' | 'reported' | 'ready' | 'signalled' | 'abandoned';

/** The node's data and config directories. Every write is durable (fsync) when it resolves, and atomic. */
export interface NodeDisk {
  read(signal: AbortSignal): Promise<DiskFacts>;
  /** The one fact that a step asks for again: reading all of them takes longer. */
  isFenced(): Promise<boolean>;
  writeId(id: number): Promise<void>;
  writeNonce(nonce: string): Promise<void>;
  /** The file `initialize`. */
  writeMarker(): Promise<void>;
  writeStamp(stamp: Stamp): Promise<void>;
  /** A fresh config: `zoo.cfg` pointing at a dynamic file of this version, or at the version-less one; older files, `.next` included, are moved aside. */
  writeConfig(config: EnsembleConfig): Promise<void>;
  /** The committed config under its version, beside a server that runs; nothing else is touched. */
  writeCommitted(config: EnsembleConfig): Promise<void>;
  /** `zoo.cfg` has other settings than this agent gives its server, apart from the config that it points at. */
  hasOtherSettings(): Promise<boolean>;
  /** `zoo.cfg` anew, around the config that it points at. */
  writeSettings(): Promise<void>;
  /** Raises `acceptedEpoch` to at least this, making `version-2` where it is missing. Never lowers it. */
  raiseAcceptedEpoch(epoch: number): Promise<void>;
  /** Renames `version-2` (with its stamp and config) aside under this name; nothing to do when there is none. */
  setDataAside(name: string): Promise<void>;
  /** Copies `version-2`, stamp and config aside, complete or not at all; checks the free space first. Repeatable. */
  copyDataAside(name: string): Promise<void>;
  /** Copies `version-2` back from aside; there must be none. The copy aside stays. */
  restoreAside(name: string): Promise<void>;
  raiseFence(fence: Fence): Promise<void>;
  liftFence(): Promise<void>;
  mark(name: Mark): Promise<void>;
  unmark(name: Mark): Promise<void>;
  /** Notes that no server starts on the present data, until one of its files is another; `why` is a sentence. */
  noteFailedStart(why: string): Promise<void>;
  /** Notes that every voter of the config of this version is claimed, and how many members it has. */
  vouch(version: Zxid, members: number): Promise<void>;
  /** Notes that this is done now. */
  note(occasion: Occasion, nowMs: number): Promise<void>;
  /**
   * Since when the node has been in this lifecycle state, milliseconds since 1970: `nowMs` when it is new to the disk,
   * which then remembers it.
   */
  inStateSince(lifecycleState: string, nowMs: number): Promise<number>;
}

/** The process of the node's own server. `restarting`: none, and its supervisor is about to start one by itself. */
export type ServerState =
  | { readonly kind: 'running'; readonly upMs: number }
  | { readonly kind: 'restarting'; readonly ends?: ServerEnds }
  | { readonly kind: 'stopped'; readonly ends?: ServerEnds };

/** What a process has done since its start. */
export interface Work {
  readonly cpuMs: number;
  /** Read and written, files and connections together. */
  readonly bytes: number;
}

/** Starts and stops the node's own server: systemd on an image, a child process in the lab. */
export interface ServerControl {
  state(signal: AbortSignal): Promise<ServerState>;
  /** Undefined when no process runs, or what it does can't be read. */
  work(signal: AbortSignal): Promise<Work | undefined>;
  /** Returns once the process is started. Refuses while a fence stands, and without a stamp. */
  start(signal: AbortSignal): Promise<void>;
  /**
   * Returns once the process is gone, and no supervisor is about to start it again. Never a no-op on a server that still
   * runs or restarts; may be repeated.
   */
  stop(signal: AbortSignal): Promise<void>;
}

export interface Log {
  /** One JSON object a line; src/log-events.ts says which there are. */
  write(entry: LogEntry): void;
}

export interface Ports {
  readonly clock: Clock;
  readonly metadata: Metadata;
  readonly ec2: Ec2;
  readonly autoScaling: AutoScaling;
  readonly stackSignals: StackSignals;
  readonly claimStreams: ClaimStreams;
  readonly objects: ObjectStore;
  readonly servers: Servers;
  readonly disk: NodeDisk;
  readonly server: ServerControl;
  /** A fresh random value, 32 hex digits. */
  readonly nonce: () => string;
  readonly log: Log;
}
