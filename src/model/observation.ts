// SPDX-License-Identifier: Apache-2.0
import type { GroupFact, Known, Life } from './cloud.ts';
import type { DiskFacts } from './disk.ts';
import type { EnsembleConfig, Member } from './member.ts';
import type { Outcome } from './proposals.ts';
import type { Announcement, Claim, FoundReport, LineageRecord, UnreadableReport } from './records.ts';
import type { ServerAnswer, ServerEnds } from './server.ts';
import type { Zxid } from './zxid.ts';

export type Command = 'bootstrap' | 'recovery' | 'remove-terminated' | 'leave';

/** What the operator, cron or systemd asked for. */
export interface Order {
  readonly command: Command;
  readonly allowEmptyGenesis: boolean;
  readonly rejoin: boolean;
}

/** An ensemble that answers under a leader of this cluster, read through a session that was opened for it. */
export interface Ensemble {
  readonly leader: { readonly id: number; readonly address: string };
  readonly config: EnsembleConfig;
  /** Read after the session was opened, so it is the epoch in which that session was committed. */
  readonly epoch: number;
  /** The leader's zxid, read before the node's own. */
  readonly zxid: Zxid;
  /** Ids of members whose server says that it serves. */
  readonly servingIds: readonly number[];
}

/** What stands in the bucket and the log group. */
export interface Shared {
  readonly records: readonly LineageRecord[];
  readonly claims: readonly Claim[];
  /** Instances with a note of their death. */
  readonly dead: readonly string[];
}

/** What only matters while no ensemble answers. */
export interface Silence {
  readonly reports: readonly FoundReport[];
  /** Reports that are there and can't be understood; absent where there is none. */
  readonly unreadable?: readonly UnreadableReport[];
  /** What became of proposals for the next record; absent where nothing did. */
  readonly outcomes?: readonly Outcome[];
  readonly announcements: readonly Announcement[];
  /** Members that nobody claimed, of any config that is known, whose server runs; absent where there is none. */
  readonly byHand?: readonly Member[];
  /** Every instance of the group, with the cluster's tag, or behind a claim. */
  readonly instances: readonly string[];
  /** For how long this process has seen an instance listed without any claim, milliseconds on its monotonic clock. */
  readonly unclaimedForMs: Readonly<Record<string, number>>;
}

/** For how long this process has seen the facts with this digest unchanged, on its monotonic clock. */
export interface Watch {
  readonly digest: string;
  readonly forMs: number;
}

/** For how long a report with this digest is not written again, milliseconds. */
export interface ReportRest {
  readonly digest: string;
  readonly forMs: number;
}

/** What the stack wants of its nodes, by their settings; whatever is absent is wanted by nobody. */
export interface StackTies {
  /** The stack waits for a signal of each new node. */
  readonly signals: boolean;
  /** Names of the group's lifecycle hooks. */
  readonly launchHook?: string;
  readonly terminateHook?: string;
}

/** The node's own server, by its process and by its own word. */
export interface ObservedServer {
  /** Undefined when no process runs. */
  readonly upMs: number | undefined;
  /** No process runs, and the supervisor is about to start one by itself. */
  readonly restarting?: true;
  readonly answer: ServerAnswer;
  /** Absent for one that runs, or did not end by itself. */
  readonly ends?: ServerEnds;
  /** Asked for where it runs beside an ensemble and does not say that it serves. */
  readonly signs?: ServerSigns;
}

/** What tells whether a server works that does not say so. */
export interface ServerSigns {
  /** For how long this process of the agent has seen the server's process do next to nothing, on its monotonic clock. */
  readonly idleForMs: number;
  /** How many servers the leader says that follow it, those that are still being synced too. */
  readonly learners: Known<number>;
}

/** How often something was done by this node that is not to be done often; by its durable notes. */
export interface Lately {
  /** Running servers that were stopped for a fresh config, within six hours. */
  readonly freshConfigs: number;
  /** Times that data was set aside, within an hour. */
  readonly asides: number;
}

/** Everything that a decision needs, as plain data. Nothing else may enter `decide`. */
export interface Observation {
  readonly order: Order;
  readonly self: { readonly instance: string; readonly address: string; readonly cluster: string };
  /** Undefined inside: the metadata service says that there is none yet. */
  readonly targetState: Known<string | undefined>;
  readonly disk: DiskFacts;
  readonly server: ObservedServer;
  readonly shared: Known<Shared>;
  readonly group: Known<GroupFact>;
  /** Absent for a node that belongs to no stack. */
  readonly stack?: StackTies;
  /** By instance; one that is missing here is unknown. */
  readonly lives: Readonly<Record<string, Life>>;
  /** Instances that EC2 calls terminated at this moment. */
  readonly terminated: readonly string[];
  readonly ensemble: Ensemble | undefined;
  readonly silence: Known<Silence>;
  readonly watch: Watch | undefined;
  /** Absent while this process has reported nothing lately. */
  readonly reportRest?: ReportRest;
  /** Absent: neither of them. */
  readonly lately?: Lately;
  readonly limits: ObservedLimits;
}

/** The waits that decisions compare with; milliseconds. */
interface ObservedLimits {
  readonly ownerUnknownMs: number;
  readonly recoveryQuietMs: number;
  readonly unclaimedMs: number;
  readonly noLeaderRejoinMs: number;
}
