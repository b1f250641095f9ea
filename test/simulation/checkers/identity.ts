// SPDX-License-Identifier: Apache-2.0
/** Invariant 3. No two servers run under one id of the cluster. */
import { Violation } from '../core/violation.ts';
import type { Server } from '../zookeeper/server.ts';

export function checkIdentity(started: Server, servers: readonly Server[]): void {
  const twin = servers.find((server) => server !== started && server.id === started.id);
  if (!twin) return;
  throw new Violation('one-id-one-node', `${started.host.name} starts as id ${started.id} beside ${twin.host.name}`);
}
