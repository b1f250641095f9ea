// SPDX-License-Identifier: Apache-2.0
import type { OWN_NEXT } from './next-step.ts';

/** What `zk-agent zk` itself refuses. Errors of servers and connections are the client's. */
export class ZkError extends Error {
  override readonly name = 'ZkError';
  /** Stable, for scripts. */
  readonly code: keyof typeof OWN_NEXT;

  constructor(code: ZkError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
