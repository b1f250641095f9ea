// SPDX-License-Identifier: Apache-2.0
/** What the checkers get to see of the servers, at the moment when it happens. */
import type { EnsembleConfig } from '../../../src/model/member.ts';
import type { Entry, Log } from './entry.ts';
import type { Host, Server } from './server.ts';

export interface Witness {
  /** Whether this addition strikes now (additions/). */
  strikes(name: string): boolean;
  /** Every server had its turn; at least once a second while there are any. */
  pulsed(): void;
  serverStarted(server: Server): void;
  /** The agent of this machine is about to stop its running server, for a fresh config. */
  givenFreshConfig(host: Host): void;
  /** The leader proposes this config. */
  reconfigProposed(leader: Server, from: EnsembleConfig, to: EnsembleConfig): void;
  /** A leader begins to serve under a config that is no change of an earlier one. */
  established(leader: Server): void;
  reconfigCommitted(leader: Server, from: EnsembleConfig, to: EnsembleConfig): void;
  /** Everything up to this entry is committed by this leader. */
  committed(leader: Server, entry: Entry): void;
  /** A server's log is about to be replaced by another one. */
  synced(server: Server, leader: Server, before: Log, after: Log): void;
}
