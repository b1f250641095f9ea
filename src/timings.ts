// SPDX-License-Identifier: Apache-2.0
/**
 * The waits and limits of the agent that the setting TIMINGS can change; milliseconds. Most of them are shorter in the
 * lab. The others stand where they are used: docs/settings.md has a table of them.
 */
export interface Timings {
  /** Between two looks of the loop while something is awaited. */
  readonly pollMs: number;
  /** What was seen this recently is not looked at again after a step that changed nothing but the node itself. */
  readonly factsStandMs: number;
  /** A recovery tick with something to do goes on under its lock for this long. */
  readonly tickLimitMs: number;
  /** Bootstrap gives up after this. */
  readonly bootstrapLimitMs: number;
  /** One four-letter word to one server. */
  readonly probeTimeoutMs: number;
  /** One operation on a ZooKeeper session, opening it included. */
  readonly sessionTimeoutMs: number;
  /** One AWS call with all its attempts. */
  readonly awsTimeoutMs: number;
  /** One call to the metadata service. */
  readonly metadataTimeoutMs: number;
  /** A generation of a claim without an owner is unknown for this long, then it may be voided (Claims 4). */
  readonly ownerUnknownMs: number;
  /** An instance that EC2 has forgotten is gone for good once its claim is older than this. */
  readonly forgottenMs: number;
  /**
   * All fenced must be seen twice with equal facts, at least this far apart: 2 × syncLimit × tickTime (Recovery 5). A
   * running server is seen without a leader, and idle, for as long before it is stopped (Server 3). A new and empty one
   * that lost its leader is left alone for as long (Recovery 1). After nine times this, a node that has reported and does
   * nothing is named to a person (Advice 2).
   */
  readonly recoveryQuietMs: number;
  /** An instance without a claim in two listings this far apart need not report (Recovery 3). */
  readonly unclaimedMs: number;
  /** A joiner whose server found no leader for this long is given a fresh config. */
  readonly noLeaderRejoinMs: number;
  /** −13 no quorum of the new config, −14 in progress: wait this long, then read again. */
  readonly reconfigRetryMs: number;
  /** After its start a server is left alone for this long to find its quorum, before anybody is asked or told. */
  readonly serverStartMs: number;
  /** With SERVICE=process: a server that was told to stop is gone after this, or the step fails. */
  readonly serverStopMs: number;
  /** Between two heartbeats of a lifecycle hook in which this node waits; well below the hook's 300 s. */
  readonly heartbeatMs: number;
  /** After a failure signal a stack that rolls back has this long to take the instance away; then its launch is abandoned. */
  readonly rollbackBeginsMs: number;
  /** When Auto Scaling does not say how long a hook can last: a hundred times 300 s. */
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
  /** ZooKeeper's own default is 20 ticks, which the lab's short ticks would make far too short. */
  readonly maxSessionTimeoutMs?: number;
}

/** An initLimit of 40 s: time for a large snapshot to reach a joiner, and still less than noLeaderRejoinMs. */
export const PRODUCTION_TICK: TickSettings = { tickTimeMs: 2_000, initLimit: 20, syncLimit: 5 };

/** A hung leader is given up after 2 s instead of 10; a crashed one is noticed as fast with either. */
export const LAB_TICK: TickSettings = { tickTimeMs: 200, initLimit: 50, syncLimit: 10, maxSessionTimeoutMs: 40_000 };
