// SPDX-License-Identifier: Apache-2.0
import { ZookeeperError } from './errors.ts';

/** What kind of znode to create; without any of these it is persistent. */
export interface CreateMode {
  /** The servers delete the znode when the session ends. */
  readonly ephemeral?: boolean;
  /** The server appends a number of ten digits to the name. */
  readonly sequential?: boolean;
  /**
   * The servers delete the znode some time after its last child is gone. It stands alone: no other mode goes with it.
   */
  readonly container?: boolean;
  /**
   * The servers delete the znode when it has no children and was not set for this long: 1 to 2^40 − 1. It does not go
   * with `ephemeral`. Servers refuse it with UNIMPLEMENTED, unless they run with zookeeper.extendedTypesEnabled=true.
   */
  readonly ttlMs?: number;
}

/** What servers store beside the bits that say that a znode has a TTL. Source: EphemeralType.TTL. */
const MAX_TTL_MS = 2 ** 40 - 1;

/** What is wrong with a mode, as BAD_REQUEST. */
export function modeProblem(mode: CreateMode): ZookeeperError | undefined {
  const { ttlMs } = mode;
  if (mode.container === true && (mode.ephemeral === true || mode.sequential === true || ttlMs !== undefined)) {
    return new ZookeeperError('BAD_REQUEST', 'a container can be neither ephemeral nor sequential, and has no TTL');
  }
  if (ttlMs === undefined) return undefined;
  if (mode.ephemeral === true) return new ZookeeperError('BAD_REQUEST', 'an ephemeral znode can have no TTL');
  if (Number.isInteger(ttlMs) && ttlMs >= 1 && ttlMs <= MAX_TTL_MS) return undefined;
  return new ZookeeperError('BAD_REQUEST', `ttlMs must be a whole number from 1 to 2^40 − 1, it is ${ttlMs}`);
}

/**
 * flags int: 0 persistent, 1 ephemeral, 2 sequential, 3 both, 4 container, 5 with TTL, 6 sequential with TTL. Source:
 * CreateMode.
 */
export function flagsOf(mode: CreateMode): number {
  if (mode.container === true) return 4;
  if (mode.ttlMs !== undefined) return mode.sequential === true ? 6 : 5;
  return (mode.ephemeral === true ? 1 : 0) + (mode.sequential === true ? 2 : 0);
}
