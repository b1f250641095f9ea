// SPDX-License-Identifier: Apache-2.0

export { Barrier } from './barrier.ts';
export { type ChildrenWatchEvent, childrenWatch } from './children-watch.ts';
export { Counter, type CounterChange, type CounterOptions } from './counter.ts';
export type { CounterFormat } from './counter-format.ts';
export { type DataWatchEvent, dataWatch } from './data-watch.ts';
export { type BarrierMember, DoubleBarrier, type DoubleBarrierOptions } from './double-barrier.ts';
export { Election } from './election.ts';
export type { PutOptions } from './entry-name.ts';
export type { FairLock, LockConvention, LockOptions } from './fair-lock.ts';
export type { FollowEvent } from './followed-znode.ts';
export { type GuardOptions, Hold } from './hold.ts';
export { JobQueue, type JobQueueOptions, type JobState, type JobStatus, type NewJob } from './job-queue.ts';
export { Lease, type LeaseOptions } from './lease.ts';
export type { LeaseGrant } from './lease-grant.ts';
export { Lock } from './lock.ts';
export { type LockedEntry, LockingQueue } from './locking-queue.ts';
export type { OwnedJob } from './owned-job.ts';
export { Partitioner, type PartitionerOptions } from './partitioner.ts';
export { Party, type PartyOptions } from './party.ts';
export { Queue } from './queue.ts';
export { ReadWriteLock } from './read-write-lock.ts';
export { Semaphore, type SemaphoreOptions } from './semaphore.ts';
export type { Share } from './share.ts';
export { TreeCache, type TreeCacheOptions, type TreeEvent, type TreeEventOptions } from './tree-cache.ts';
export { HoldLostError, type LossReason } from './vigil.ts';
export { WaitTimeoutError } from './wait-limit.ts';
