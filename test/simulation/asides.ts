// SPDX-License-Identifier: Apache-2.0
/** What `zk-agent status`, asked at this moment, says of the data that a node has set aside. */
import { removeAside } from '../../src/decide/advise.ts';
import type { Advice } from '../../src/model/advice.ts';
import { ZXID_ZERO } from '../../src/model/zxid.ts';
import type { Cluster } from './cluster.ts';
import type { Node } from './node/node.ts';

export function asideAdvice({ leader, ensemble }: Cluster, node: Node): readonly Advice[] {
  if (!leader || !node.up || node.paused) return [];
  const { config } = leader;
  const serves = (address: string): boolean =>
    ensemble.servers.some(({ host, phase, awake }) => host.address === address && phase === 'serving' && awake);
  const servingIds = config.members.filter(({ address }) => serves(address)).map(({ id }) => id);
  const answer = serves(node.address)
    ? ({ kind: 'serving', mode: 'follower', zxid: ZXID_ZERO } as const)
    : ({ kind: 'not-serving' } as const);
  const { id } = node.disk;
  const seen = {
    ensemble: { config, servingIds },
    self: { address: node.address, instance: node.name },
    disk: id === undefined ? {} : { id },
    server: { answer },
  };
  return node.disk.aside.flatMap(({ name }) => removeAside(seen, `aside/${name}`) ?? []);
}
