// SPDX-License-Identifier: Apache-2.0
/**
 * In a history of scaling and updates alone, no moment is without a quorum: of the voters of the newest committed
 * config a majority has a server that runs. (Elections are no loss of quorum: their voters are there.)
 */
import { type EnsembleConfig, quorumOf, votersOf } from '../../../src/model/member.ts';
import { Violation } from '../core/violation.ts';
import type { Node } from '../node/node.ts';
import type { Server } from '../zookeeper/server.ts';

export class QuorumKept {
  /** Set once the first ensemble stands, and only where nothing but scaling and updates happens. */
  watching = false;
  /** The smallest number of running voters beyond the quorum that was ever seen. */
  leastSpare = Number.POSITIVE_INFINITY;

  look(newest: EnsembleConfig | undefined, servers: readonly Server[], nodes: readonly Node[]): void {
    if (!this.watching || !newest) return;
    const voters = votersOf(newest);
    const running = voters.filter((member) =>
      servers.some((server) => server.id === member.id && server.host.address === member.address),
    );
    const spare = running.length - quorumOf(voters.length);
    this.leastSpare = Math.min(this.leastSpare, spare);
    if (spare >= 0) return;
    const said = nodes.filter((node) => node.up).map((node) => `${node.name}: ${node.said}`);
    throw new Violation(
      'quorum-kept',
      `of the voters ${voters.map((member) => member.id).join(', ')} only ${running.map((member) => member.id).join(', ')} run; ${said.join(' | ')}`,
    );
  }
}
