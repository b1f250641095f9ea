// SPDX-License-Identifier: Apache-2.0
import type { Operation } from '../operation.ts';
import { readStat } from '../stat.ts';
import type { DataAndStat } from './get.ts';

/** A change of the ensemble: `joining` and `leaving`, or the whole new config as `newMembers`. */
export interface ReconfigRequest {
  /** Each line as in a dynamic config file: `server.3=10.0.0.3:2888:3888:participant;10.0.0.3:2181`. */
  readonly joining?: readonly string[];
  /** Ids of servers. */
  readonly leaving?: readonly number[];
  /** The whole new config instead of a change; lines as in `joining`. */
  readonly newMembers?: readonly string[];
  /**
   * The version that the config must have (its `version=` is hex), otherwise the answer is BAD_VERSION. Undefined for
   * any version.
   */
  readonly fromVersion?: bigint;
}

/**
 * reconfig: joiningServers string, leavingServers string, newMembers string (each may be null), curConfigId long → data
 * buffer, stat of the new config
 */
export const reconfig: Operation<ReconfigRequest, DataAndStat> = {
  name: 'reconfig',
  opcode: 16,
  isWrite: true,
  encode: (writer, request) => {
    writer.string(request.joining?.join(','));
    writer.string(request.leaving?.join(','));
    writer.string(request.newMembers?.join(','));
    writer.long(request.fromVersion ?? -1n);
  },
  decode: (reader) => ({ data: reader.bytes(), stat: readStat(reader) }),
};
