// SPDX-License-Identifier: Apache-2.0
/** Invariants 4 and 5: only the dead, or who asks to leave, are removed; only a synced server gets a vote. */
import { type EnsembleConfig, type Member, quorumOf, votersOf } from '../../../src/model/member.ts';
import { Violation } from '../core/violation.ts';
import type { Node } from '../node/node.ts';
import type { Server } from '../zookeeper/server.ts';

function same(a: Member, b: Member): boolean {
  return a.id === b.id && a.address === b.address;
}

function without(members: readonly Member[], others: readonly Member[]): readonly Member[] {
  return members.filter((member) => !others.some((other) => same(member, other)));
}

function asksToLeave(node: Node): boolean {
  return node.disk.left || node.instance.targetState === 'Terminated';
}

export function checkProposal(
  leader: Server,
  from: EnsembleConfig,
  to: EnsembleConfig,
  nodes: readonly Node[],
  servers: readonly Server[],
  byHand: { readonly acts: boolean; isByHand(member: Member): boolean },
): void {
  const removed = without(from.members, to.members);
  const kept = byHand.acts ? undefined : removed.find((member) => byHand.isByHand(member));
  if (kept) {
    throw new Violation(
      'only-the-dead',
      `member ${kept.id} is removed, which a person added and nobody else may remove`,
    );
  }
  let dead = 0;
  for (const member of removed.filter((each) => !byHand.isByHand(each))) {
    const living = nodes.find(
      (node) =>
        node.address === member.address &&
        node.disk.id === member.id &&
        !node.disk.isCopiedId &&
        ['pending', 'running'].includes(node.instance.state),
    );
    if (!living) dead++;
    else if (!asksToLeave(living)) {
      throw new Violation('only-the-dead', `member ${member.id} is removed although ${living.name} lives`);
    }
  }
  const limit = Math.max(1, Math.floor((votersOf(from).length - 1) / 2));
  if (dead > limit) {
    throw new Violation('only-the-dead', `${dead} members are removed in one pass, and ${limit} may be`);
  }
  const following = (member: Member): boolean =>
    servers.some(
      (server) =>
        server.id === member.id &&
        server.host.address === member.address &&
        server.term === leader.term &&
        (server.phase === 'serving' || server.phase === 'synced'),
    );
  for (const member of without(votersOf(to), votersOf(from))) {
    // A person may add what follows no more; the agent adds nobody but its own node.
    const bySomebody = byHand.acts && byHand.isByHand(member);
    if (!bySomebody && !following(member)) {
      throw new Violation('only-the-synced', `member ${member.id}@${member.address} gets a vote and does not follow`);
    }
  }
  const voters = votersOf(to);
  if (removed.length > 0 && voters.filter(following).length < quorumOf(voters.length)) {
    throw new Violation(
      'quorum-kept',
      `after the removal of ${removed.map((member) => member.id).join(', ')} nobody could commit`,
    );
  }
}

/** A node says that it is ready only as a participant with its own address. */
export class ReadyMeansVoting {
  readonly #ready = new Set<Node>();
  /** The volume of each node at the last look. */
  readonly #volumes = new Map<Node, string | undefined>();

  look(node: Node, committed: readonly EnsembleConfig[]): void {
    const { ready, volume } = node.disk;
    // What a copied disk says was said on another one. Its agent takes it back, unless its stamp can't be read
    // (Disk 3).
    if (ready && this.#volumes.get(node) !== volume) this.#ready.add(node);
    this.#volumes.set(node, volume);
    if (!ready) {
      this.#ready.delete(node);
      return;
    }
    if (this.#ready.has(node)) return;
    this.#ready.add(node);
    const votes = committed.some((config) =>
      votersOf(config).some((member) => member.id === node.disk.id && member.address === node.address),
    );
    if (!votes) throw new Violation('ready-means-voting', `${node.name} says that it is ready, and no config lists it`);
  }
}
