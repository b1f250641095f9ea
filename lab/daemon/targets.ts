// SPDX-License-Identifier: Apache-2.0
/** The nodes that a word of the command line stands for. */
import { quorumOf, votersOf } from '../../src/model/member.ts';
import type { LabStatus, NodeView } from './lab-status.ts';

/** An error for the person who typed the word. */
export class TargetError extends Error {
  override readonly name = 'TargetError';
}

/**
 * `target` is an instance's id or the beginning of one, a ZooKeeper id, or one of these words:
 * - `leader`
 * - `minority`: as many voters as the ensemble can lose, followers first.
 * - `majority`: the fewest voters whose loss takes the quorum away, including the leader.
 * - `all`: every node with a machine.
 */
export function nodesMeant(status: LabStatus, target: string): readonly NodeView[] {
  const hosts = status.nodes.filter((node) => node.machine !== undefined);
  switch (target) {
    case 'all':
      return some(hosts, 'There is no node to speak of yet; see ./lab.sh status.');
    case 'leader':
      return some(
        hosts.filter((node) => node.role === 'leader'),
        'No node leads at the moment; see ./lab.sh status.',
      );
    case 'minority': {
      const voters = votersLeaderLast(status, hosts);
      const spare = voters.length - quorumOf(votersIn(status, voters));
      return some(voters.slice(0, Math.max(0, spare)), 'The ensemble can lose no node and keep its quorum.');
    }
    case 'majority': {
      const voters = votersLeaderLast(status, hosts);
      const spare = voters.length - quorumOf(votersIn(status, voters));
      return some(voters.toReversed().slice(0, Math.max(0, spare + 1)), 'The quorum is lost already.');
    }
  }
  const meant = /^\d+$/.test(target)
    ? hosts.filter((node) => node.id === Number(target))
    : status.nodes.filter((node) => node.instance.startsWith(target));
  if (meant.length > 1 && !/^\d+$/.test(target)) {
    throw new TargetError(`"${target}" begins the id of ${meant.length} instances; write more of it.`);
  }
  return some(meant, `No node is called "${target}". There are: ${names(hosts)}; or leader, minority, majority, all.`);
}

function some(nodes: readonly NodeView[], otherwise: string): readonly NodeView[] {
  if (nodes.length === 0) throw new TargetError(otherwise);
  return nodes;
}

function names(hosts: readonly NodeView[]): string {
  return (
    hosts.map((node) => (node.id === undefined ? node.instance : `${node.instance} (id ${node.id})`)).join(', ') ||
    'none'
  );
}

/** Dead nodes that the config still lists count as voters too. */
function votersIn(status: LabStatus, voters: readonly NodeView[]): number {
  return status.config === undefined ? voters.length : votersOf(status.config).length;
}

/** While no server serves, every node with an id counts as a voter. */
function votersLeaderLast(status: LabStatus, hosts: readonly NodeView[]): readonly NodeView[] {
  const { config } = status;
  const voters =
    config === undefined
      ? hosts.filter((node) => node.id !== undefined)
      : hosts.filter((node) =>
          votersOf(config).some(
            (voter) => voter.id === node.id && voter.address === (node.publicAddress ?? node.address),
          ),
        );
  return some(voters, 'No node votes yet; see ./lab.sh status.').toSorted(
    (one, other) => Number(one.role === 'leader') - Number(other.role === 'leader'),
  );
}
