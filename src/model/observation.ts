// SPDX-License-Identifier: Apache-2.0
import type { GroupFact, InstanceFact, Known, Life, SlotFact, SlotKind } from './cloud.ts';
import type { DiskFacts } from './disk.ts';
import type { EnsembleConfig, Member } from './member.ts';
import type { NameZone, Naming } from './names.ts';
import type { Outcome } from './proposals.ts';
import type { Announcement, Claim, FoundReport, GoneMember, LineageRecord, UnreadableObject } from './records.ts';
import type { ServerAnswer, ServerEnds } from './server.ts';
import type { Zxid } from './zxid.ts';

export type Command = 'bootstrap' | 'recovery' | 'remove-terminated' | 'leave';

/** What the operator, cron or systemd ordered. */
export interface Order {
  readonly command: Command;
  readonly allowEmptyGenesis: boolean;
  readonly rejoin: boolean;
}

/** An ensemble that answers under a leader of this cluster, read through a session that was opened for it. */
export interface Ensemble {
  readonly leader: { readonly id: number; readonly address: string };
  readonly config: EnsembleConfig;
  /** Read after the session was opened, so it is the epoch in which the opening was committed. */
  readonly epoch: number;
  /** The leader's zxid, read before the node's own. */
  readonly zxid: Zxid;
  /** Ids of members whose server says that it serves. */
  readonly servingIds: readonly number[];
}

/** What the bucket and the log group hold. */
export interface Shared {
  readonly records: readonly LineageRecord[];
  readonly claims: readonly Claim[];
  /** Instances with a note of their death. */
  readonly dead: readonly string[];
  /** Notes of a death that are there but can't be understood. They prove nothing. Absent when there are none. */
  readonly unreadableNotes?: readonly UnreadableObject[];
}

/** Facts that matter only while no ensemble answers. */
export interface Silence {
  readonly reports: readonly FoundReport[];
  /** Reports that are there but can't be understood. Absent when there are none. */
  readonly unreadable?: readonly UnreadableObject[];
  /** The outcomes of proposals for the next record. Absent when there are none. */
  readonly outcomes?: readonly Outcome[];
  readonly announcements: readonly Announcement[];
  /** The members of which a person said, under the newest record, that they are gone. Absent when there are none. */
  readonly gone?: readonly GoneMember[];
  /** Members that nobody claimed, of any known config, whose server runs. Absent when there are none. */
  readonly byHand?: readonly Member[];
  /** Every instance that is in the group, has the cluster's tag, or stands behind a claim. */
  readonly instances: readonly string[];
  /**
   * For how long this process has seen an instance listed without any claim, in milliseconds on its monotonic clock.
   */
  readonly unclaimedForMs: Readonly<Record<string, number>>;
}

/** For how long this process has seen the facts with this digest unchanged, on its monotonic clock. */
export interface Watch {
  readonly digest: string;
  readonly forMs: number;
}

/** For how long a report with this digest is not written again, in milliseconds. */
export interface ReportRest {
  readonly digest: string;
  readonly forMs: number;
}

/** What the stack wants of its nodes, by their settings. It does not want what is missing here. */
export interface StackTies {
  /** The stack waits for a signal of each new node. */
  readonly signals: boolean;
  /** Names of the group's lifecycle hooks. */
  readonly launchHook?: string;
  readonly terminateHook?: string;
}

/** The node's own server: its process, and its own answer. */
export interface ObservedServer {
  /** Undefined when no process runs. */
  readonly upMs: number | undefined;
  /** No process runs, and the supervisor is about to start one by itself. */
  readonly restarting?: true;
  readonly answer: ServerAnswer;
  /** Absent for a server that runs, or that did not end by itself. */
  readonly ends?: ServerEnds;
  /** Present when the server runs beside an ensemble and does not say that it serves. */
  readonly signs?: ServerSigns;
}

/** The signs that a server works although it does not say that it serves. */
export interface ServerSigns {
  /**
   * For how long the server's process has done almost nothing, as this process of the agent has seen it on its
   * monotonic clock.
   */
  readonly idleForMs: number;
  /** How many servers follow the leader by its own count, including those that it still syncs. */
  readonly learners: Known<number>;
}

/** How often this node did what it may do only seldom, by its durable notes. */
export interface Lately {
  /** Running servers that were stopped for a fresh config, within six hours. */
  readonly freshConfigs: number;
  /** Times that data was set aside, within an hour. */
  readonly asides: number;
}

/** The slots, where nodes have such. */
export interface ObservedSlots {
  readonly kind: SlotKind;
  /** All that carry the cluster's tag. A slot that is missing is unknown. */
  readonly listed: Known<readonly SlotFact[]>;
  /** The instances of the group, as EC2 describes them. Present only before the first record. */
  readonly group?: readonly InstanceFact[];
}

/** The node that looks. */
export interface Self {
  readonly instance: string;
  /** Where it is a member, or will be. */
  readonly address: string;
  readonly cluster: string;
  /** The instance's own address, at which its server answers its agent. Absent where it is the same. */
  readonly privateAddress?: string;
}

/** Everything that a decision needs, as plain data. Nothing else may enter `decide`. */
export interface Observation {
  readonly order: Order;
  readonly self: Self;
  /** Absent where a node's address is that of its instance. */
  readonly slots?: ObservedSlots;
  /** An undefined value means: the metadata service says that there is no target state yet. */
  readonly targetState: Known<string | undefined>;
  readonly disk: DiskFacts;
  readonly server: ObservedServer;
  readonly shared: Known<Shared>;
  readonly group: Known<GroupFact>;
  /** Absent for a node that belongs to no stack. */
  readonly stack?: StackTies;
  /** By instance. An instance that is missing here is unknown. */
  readonly lives: Readonly<Record<string, Life>>;
  /** Instances that EC2 reports as terminated now. */
  readonly terminated: readonly string[];
  readonly ensemble: Ensemble | undefined;
  readonly silence: Known<Silence>;
  /** Absent where the cluster has no names. */
  readonly zone?: NameZone;
  /** Present for a voter of a cluster that has names. */
  readonly naming?: Known<Naming>;
  readonly watch: Watch | undefined;
  /** Absent when this process has not reported lately. */
  readonly reportRest?: ReportRest;
  /** Absent when the node did neither of them lately. */
  readonly lately?: Lately;
  readonly limits: ObservedLimits;
}

/** The waits that decisions compare with, in milliseconds. */
interface ObservedLimits {
  readonly ownerUnknownMs: number;
  readonly recoveryQuietMs: number;
  readonly unclaimedMs: number;
  readonly noLeaderRejoinMs: number;
}
