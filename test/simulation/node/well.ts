// SPDX-License-Identifier: Apache-2.0
import { listed, votersOf } from '../../../src/model/member.ts';
import { ZXID_ZERO } from '../../../src/model/zxid.ts';
import type { Group } from '../cloud/group.ts';
import type { Instance } from '../cloud/instances.ts';
import type { Ensemble } from '../zookeeper/ensemble.ts';
import { followersOf } from '../zookeeper/leading.ts';
import type { Host } from '../zookeeper/server.ts';

interface Ticking extends Host {
  readonly instance: Instance;
}

/** What the tick finds without a question to AWS. */
export function isWell(node: Ticking, { ensemble, group }: { ensemble: Ensemble; group: Group }): boolean {
  const { disk, instance } = node;
  if (!disk.ready || !disk.stamp || disk.fence || disk.left || disk.reported) return false;
  if (group.hasHooks && !disk.signalled) return false;
  if (instance.targetState === 'Terminated') return false;
  if (disk.torn.has('id') || disk.torn.has('config')) return false;
  if (!disk.config || disk.config.version === ZXID_ZERO || disk.config.version !== disk.vouched) return false;
  if (listed(disk.config, disk.id, node.address)?.role !== 'participant') return false;
  if (ensemble.nowMs < node.unansweredUntilMs) return false;
  const server = ensemble.on(node);
  if (server?.phase !== 'serving' || !server.term || server.term.over) return false;
  if (!server.leads) return true;
  const voters = votersOf(disk.config);
  const synced = followersOf(ensemble, server, 'synced').filter(({ id }) => voters.some((voter) => voter.id === id));
  return synced.length === voters.length - 1;
}
