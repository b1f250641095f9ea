// SPDX-License-Identifier: Apache-2.0

export { type ChildrenWatchEvent, childrenWatch } from './children-watch.ts';
export { type DataWatchEvent, dataWatch } from './data-watch.ts';
export type { FairLock, LockConvention, LockOptions } from './fair-lock.ts';
export type { FollowEvent } from './followed-znode.ts';
export { type GuardOptions, Hold } from './hold.ts';
export { JobQueue, type JobQueueOptions, type JobState, type JobStatus, type NewJob } from './job-queue.ts';
export { Lock } from './lock.ts';
export type { OwnedJob } from './owned-job.ts';
export { ReadWriteLock } from './read-write-lock.ts';
export { Semaphore, type SemaphoreOptions } from './semaphore.ts';
export { TreeCache, type TreeCacheOptions, type TreeEvent, type TreeEventOptions } from './tree-cache.ts';
export { HoldLostError, type LossReason } from './vigil.ts';
export { WaitTimeoutError } from './wait-limit.ts';
