// SPDX-License-Identifier: Apache-2.0
/**
 * How long a transaction log may get, by the size of the disk (docs/protocol.md, "Disk 4"). Pure. The server begins a
 * new log with each snapshot, and takes one when the log is between half of its limit and the whole of it.
 */

/** Lines of `zoo.cfg`, in KiB. Absent where ZooKeeper's own defaults fit. */
export interface LogSizes {
  readonly snapSizeLimitKib?: number;
  readonly preAllocKib?: number;
}

/**
 * Three snapshots have the logs since the oldest of them beside them, which are four at most. So the logs take a
 * quarter of the disk, and leave another quarter to the snapshots.
 */
const LOGS_ON_DISK = 16;
/** ZooKeeper's own limit (3.9.5, ZooKeeperServer.getSnapSizeInBytes). */
const DEFAULT_LIMIT_KIB = 4_194_304;
/** A log grows by this much at a time; ZooKeeper's own step is 64 MiB. */
const STEPS_IN_LOG = 8;

/** `diskBytes` is undefined when the file system does not say; then nothing is set. */
export function logSizesFor(diskBytes: number | undefined): LogSizes {
  if (diskBytes === undefined) return {};
  // A power of two, so that a file system that gains or loses a few blocks does not change the settings.
  const limitKib = 2 ** Math.floor(Math.log2(Math.max(diskBytes / LOGS_ON_DISK / 1_024, STEPS_IN_LOG)));
  if (limitKib >= DEFAULT_LIMIT_KIB) return {};
  return { snapSizeLimitKib: limitKib, preAllocKib: Math.min(limitKib / STEPS_IN_LOG, 65_536) };
}
