// SPDX-License-Identifier: Apache-2.0
/** What `zk-agent zk` itself refuses. Errors of servers and connections are the client's. */
export class ZkError extends Error {
  override readonly name = 'ZkError';
  /** Stable, for scripts. */
  readonly code: 'BAD_EXPORT' | 'EXISTS_ALREADY' | 'TOO_MANY' | 'PROTECTED_PATH' | 'COUNTERS_BEHIND' | 'BAD_OPTION';

  constructor(code: ZkError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
