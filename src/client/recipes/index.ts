// SPDX-License-Identifier: Apache-2.0
export { type GuardOptions, Hold } from './hold.ts';
export { JobQueue, type JobQueueOptions, type JobState, type JobStatus, type NewJob } from './job-queue.ts';
export { Lock, type LockConvention, type LockOptions } from './lock.ts';
export type { OwnedJob } from './owned-job.ts';
export { HoldLostError, type LossReason } from './vigil.ts';
export { WaitTimeoutError } from './wait-limit.ts';
