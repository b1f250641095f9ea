// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import type { Mark } from '../ports.ts';

/** Where the agent keeps what it must remember: beside the server's data, and so on the same disk. Absolute paths. */
export interface AgentFiles {
  readonly directory: string;
  readonly stamp: string;
  readonly nonce: string;
  /** The systemd unit looks for this file too. While it is there, the server does not start. */
  readonly fence: string;
  readonly superSecret: string;
  readonly javaOptions: string;
  /** What the agent found in large snapshots. */
  readonly checkedSnapshots: string;
  /** The node's lifecycle state, and since when it has been seen in it. */
  readonly lifecycleState: string;
  /** The data on which no server starts. */
  readonly failedStart: string;
  /** The config of which the node has seen that all voters are claimed. */
  readonly vouched: string;
  /** The claim on a place whose name stands. */
  readonly named: string;
  /** When the agent last did what it may do only seldom. */
  readonly occasions: string;
  mark(name: Mark): string;
}

export function agentFiles(dataDir: string): AgentFiles {
  const directory = join(dataDir, 'zk-agent');
  return {
    directory,
    stamp: join(directory, 'stamp.json'),
    nonce: join(directory, 'nonce'),
    fence: join(directory, 'fence.json'),
    superSecret: join(directory, 'super-secret'),
    javaOptions: join(directory, 'java-options'),
    checkedSnapshots: join(directory, 'checked-snapshots.json'),
    lifecycleState: join(directory, 'lifecycle-state.json'),
    failedStart: join(directory, 'failed-start.json'),
    vouched: join(directory, 'vouched'),
    named: join(directory, 'named'),
    occasions: join(directory, 'occasions.json'),
    mark: (name) => join(directory, name),
  };
}
