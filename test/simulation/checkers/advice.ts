// SPDX-License-Identifier: Apache-2.0
/** Who does what is printed loses nothing but what was said, and breaks no quorum that lives or can come back. */
import type { Loss } from '../../../src/model/advice.ts';
import { quorumOf, votersOf } from '../../../src/model/member.ts';
import type { Cluster } from '../cluster.ts';
import { Violation } from '../core/violation.ts';
import { type DataState, damageOf } from '../node/disk-state.ts';
import type { Node } from '../node/node.ts';
import { commonPart, contains, entriesAfter, type Log } from '../zookeeper/entry.ts';

/** Advice 2: nobody is told to terminate what can run. */
export function checkTermination(world: Cluster, node: Node): void {
  if (node.lost) return;
  throw new Violation(
    'advice',
    `${node.name} can run, and a person is told to terminate it: ${whatItBreaks(world, node)}`,
  );
}

function whatItBreaks(world: Cluster, node: Node): string {
  const { leader, history } = world;
  const server = world.ensemble.on(node);
  if (leader && server?.term === leader.term) return 'it serves in an ensemble';
  const others = world.nodes.filter((each) => each !== node && each.instance.state !== 'terminated' && !each.lost);
  const holds = (each: Node): boolean => wholeLogs(each).some((log) => contains(log, history.head));
  if (history.head && holds(node) && !others.some(holds)) return 'it has the last good copy';
  const voters = votersOf(world.committedConfigs.at(-1) ?? { version: '', members: [] });
  const able = [node, ...others].filter(({ address }) => voters.some((voter) => voter.address === address));
  if (able.includes(node) && able.length === quorumOf(voters.length)) return 'without it no quorum can come back';
  return 'it is started for less';
}

/** Advice 4: whatever stands in the data that is moved alone is told of. What else the node has stays where it is. */
export function checkDataMoved(
  world: Cluster,
  node: Node,
  moved: DataState | undefined,
  loses: Loss | undefined,
): void {
  const log = moved?.log;
  const kept = world.nodes
    .filter((each) => each.instance.state !== 'terminated')
    .flatMap((each) => logsOf(dataOf(each).filter((data) => data !== moved)))
    .map((other) => commonPart(log, other))
    .sort((a, b) => (b?.depth ?? 0) - (a?.depth ?? 0))[0];
  const untold = entriesAfter(log, kept).find(
    (entry) =>
      entry.acknowledged &&
      contains(world.history.head, entry) &&
      !(loses?.kind === 'after' && entry.zxid > loses.zxid),
  );
  if (!untold) return;
  throw new Violation(
    'advice',
    `the data of ${node.name} is moved away, and acknowledged ${untold.zxid} is lost, which nobody was told of`,
  );
}

function wholeLogs(node: Node): readonly Log[] {
  return logsOf(dataOf(node));
}

function dataOf({ disk }: Node): readonly DataState[] {
  return [disk.data, ...disk.aside.map(({ data }) => data)].filter((data) => data !== undefined);
}

function logsOf(states: readonly DataState[]): readonly Log[] {
  return states.filter((data) => damageOf(data) === undefined).map(({ log }) => log);
}
