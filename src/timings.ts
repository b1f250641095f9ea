// SPDX-License-Identifier: Apache-2.0
/**
 * The waits and limits of the agent that the setting TIMINGS can change, in milliseconds. Most of them are shorter in
 * the lab. The other waits and limits are in the files that use them; docs/settings.md has a table of them.
 */
export interface Timings {
  /** Between two looks of the loop while it waits for something. */
  readonly pollMs: number;
  /**
   * After a step that changed nothing but the node itself, the agent does not look again at what it saw this recently.
   */
  readonly factsStandMs: number;
  /**
   * How long a recovery tick that finds something to do goes on under its lock. Unless it is set by name, it is raised
   * where `recoveryQuietMs` or `unclaimedMs` is long: one process has to see such a wait.
   */
  readonly tickLimitMs: number;
  /** Bootstrap gives up after this. */
  readonly bootstrapLimitMs: number;
  /** Limit of one four-letter word to one server. */
  readonly probeTimeoutMs: number;
  /** Limit of one operation on a ZooKeeper session, opening it included. */
  readonly sessionTimeoutMs: number;
  /** Limit of one AWS call with all its attempts. */
  readonly awsTimeoutMs: number;
  /** Limit of one call to the metadata service. */
  readonly metadataTimeoutMs: number;
  /** A generation of a claim without an owner is unknown for this long. Then it may be voided (Claims 4). */
  readonly ownerUnknownMs: number;
  /** An instance that EC2 has forgotten is gone for good once its claim is older than this. */
  readonly forgottenMs: number;
  /**
   * The agent must see all nodes fenced twice, with equal facts, at least this far apart: 2 × syncLimit × tickTime
   * (Recovery 5). A running server is stopped only after it was seen idle, without a leader, for as long (Server 3). A
   * new and empty server that lost its leader is left alone for as long (Recovery 1). After nine times this, advice to
   * a person names a node that has reported and does nothing (Advice 2).
   */
  readonly recoveryQuietMs: number;
  /** An instance without a claim in two listings this far apart need not report (Recovery 3). */
  readonly unclaimedMs: number;
  /** A joiner whose server has found no leader for this long is given a fresh config. */
  readonly noLeaderRejoinMs: number;
  /** After −13 (no quorum of the new config) or −14 (another reconfig in progress): wait this long, then read again. */
  readonly reconfigRetryMs: number;
  /** After its start a server gets this long to find its quorum. Before that no other node or person is told. */
  readonly serverStartMs: number;
  /** With SERVICE=process: a server that was told to stop must be gone within this time, or the step fails. */
  readonly serverStopMs: number;
  /** Between two heartbeats of a lifecycle hook in which this node waits; well below the hook's 300 s. */
  readonly heartbeatMs: number;
  /** After a failure signal, a rollback has this long to terminate the instance. Then the node abandons its launch. */
  readonly rollbackBeginsMs: number;
  /** The limit of a hook, when Auto Scaling does not say it: a hundred times 300 s. */
  readonly hookLimitMs: number;
}

export const PRODUCTION_TIMINGS: Timings = {
  pollMs: 1_000,
  factsStandMs: 1_000,
  tickLimitMs: 50_000,
  bootstrapLimitMs: 1_500_000,
  probeTimeoutMs: 2_000,
  sessionTimeoutMs: 10_000,
  awsTimeoutMs: 20_000,
  metadataTimeoutMs: 5_000,
  ownerUnknownMs: 900_000,
  forgottenMs: 7_200_000,
  recoveryQuietMs: 20_000,
  unclaimedMs: 20_000,
  noLeaderRejoinMs: 60_000,
  reconfigRetryMs: 1_000,
  serverStartMs: 10_000,
  serverStopMs: 30_000,
  heartbeatMs: 60_000,
  rollbackBeginsMs: 120_000,
  hookLimitMs: 30_000_000,
};

export const LAB_TIMINGS: Timings = {
  ...PRODUCTION_TIMINGS,
  pollMs: 150,
  tickLimitMs: 40_000,
  bootstrapLimitMs: 600_000,
  probeTimeoutMs: 1_500,
  sessionTimeoutMs: 4_000,
  awsTimeoutMs: 8_000,
  recoveryQuietMs: 4_000,
  unclaimedMs: 4_000,
  noLeaderRejoinMs: 15_000,
  reconfigRetryMs: 300,
  serverStartMs: 4_000,
  serverStopMs: 10_000,
  heartbeatMs: 5_000,
  rollbackBeginsMs: 5_000,
};

/** ZooKeeper's own timing; `initLimit` and `syncLimit` are numbers of ticks. */
export interface TickSettings {
  readonly tickTimeMs: number;
  readonly initLimit: number;
  readonly syncLimit: number;
  /** Set for the lab: ZooKeeper's own default, 20 ticks, is far too short with the lab's short ticks. */
  readonly maxSessionTimeoutMs?: number;
}

/** An initLimit of 40 s gives a large snapshot time to reach a joiner. It is still less than noLeaderRejoinMs. */
export const PRODUCTION_TICK: TickSettings = { tickTimeMs: 2_000, initLimit: 20, syncLimit: 5 };

/** A hung leader is given up after 2 s instead of 10 s. A crashed leader is noticed equally fast with both. */
export const LAB_TICK: TickSettings = { tickTimeMs: 200, initLimit: 50, syncLimit: 10, maxSessionTimeoutMs: 40_000 };
