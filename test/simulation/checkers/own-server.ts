// SPDX-License-Identifier: Apache-2.0
/** No server starts on data without a stamp, and none that works is stopped (docs/protocol.md, Server 1, Server 3). */
import { Violation } from '../core/violation.ts';
import { SIMULATED_TIMINGS } from '../node/timings.ts';
import type { Ensemble } from '../zookeeper/ensemble.ts';
import type { Host, Server } from '../zookeeper/server.ts';

/** A server that has just come up may have looked like an idle one a moment before. */
const YOUNG_MS = SIMULATED_TIMINGS.noLeaderRejoinMs;
/** For so long its load is awaited, and no longer. */
const LONGEST_LOAD_MS = 20 * SIMULATED_TIMINGS.noLeaderRejoinMs;

export function checkStamp({ host }: Server): void {
  if (host.disk.stamp) return;
  throw new Violation('stamp-first', `the server of ${host.name} starts on data that no stamp names`);
}

/** To be called right before an agent stops its server for a fresh config. */
export function checkIdle(host: Host, ensemble: Ensemble): void {
  const server = ensemble.on(host);
  if (!server) return;
  const upMs = ensemble.nowMs - server.startedMs;
  if (upMs < YOUNG_MS) return;
  if (server.phase === 'loading' && upMs < LONGEST_LOAD_MS) {
    throw new Violation('works-on', `the server of ${host.name} is stopped while it loads its data`);
  }
  if (isCounted(server, ensemble)) {
    throw new Violation('works-on', `the server of ${host.name} is stopped, which serves and which its leader counts`);
  }
}

/** Its leader serves, and hears of it. */
function isCounted(server: Server, { network, servers }: Ensemble): boolean {
  const { term, phase } = server;
  if (!term || term.over || phase !== 'serving' || term.stage !== 'serving') return false;
  return term.leader === server || (servers.includes(term.leader) && network.reach(term.leader, server));
}
