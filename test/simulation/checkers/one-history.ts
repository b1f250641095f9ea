// SPDX-License-Identifier: Apache-2.0
/**
 * Invariant 1. The committed entries form one line. It may break off and go on from an earlier point only under a new
 * lineage, and only if no instance that could come back holds what is left behind, as far as anybody could know when
 * the record of that lineage was decided.
 */
import { Violation } from '../core/violation.ts';
import { holdsFor } from '../node/brought.ts';
import { type DataState, damageOf } from '../node/disk-state.ts';
import type { Node } from '../node/node.ts';
import { commonPart, contains, type Entry, entriesAfter, type Log } from '../zookeeper/entry.ts';
import type { Server } from '../zookeeper/server.ts';

export class OneHistory {
  #head: Log;
  #lineage = 0;
  readonly #nodes: () => readonly Node[];
  /** The operator has given the lost data up. */
  emptyGenesisAllowed = false;

  constructor(nodes: () => readonly Node[]) {
    this.#nodes = nodes;
  }

  get head(): Log {
    return this.#head;
  }

  committed(leader: Server, entry: Entry, servers: readonly Server[]): void {
    const lineage = leader.host.disk.stamp?.lineage ?? 0;
    const foreign = servers.find((server) => server.term === leader.term && server.data.foreign);
    if (foreign) {
      throw new Violation('foreign-data', `${foreign.host.name} serves entries of a history that was given up`);
    }
    if (!contains(entry, this.#head)) this.#fork(leader, entry, lineage);
    this.#head = entry;
    this.#lineage = Math.max(this.#lineage, lineage);
  }

  #fork(leader: Server, entry: Entry, lineage: number): void {
    const base = commonPart(this.#head, entry);
    const left = entriesAfter(this.#head, base);
    const first = left.at(-1);
    const where = `${leader.host.name} (id ${leader.id}, lineage ${lineage}) commits ${entry.zxid}`;
    const what = `${left.length} committed entries from ${first?.zxid} on`;
    if (lineage <= this.#lineage) {
      throw new Violation(
        'one-history',
        `${where} without ${what}, and the newest lineage to commit was ${this.#lineage}`,
      );
    }
    const holder = this.#holderOf(first, lineage);
    if (holder) throw new Violation('one-history', `${where} without ${what}, which ${holder.name} still holds`);
    const acknowledged = left.some((each) => each.kind === 'write' && each.acknowledged);
    // An empty ensemble begins with a later epoch; what is earlier was on the disk of a survivor that lacks all the
    // rest.
    const begins = first !== undefined && entry.zxid > first.zxid;
    if (base === undefined && acknowledged && begins && !this.emptyGenesisAllowed) {
      throw new Violation('empty-genesis', `${where}: an empty ensemble took the place of ${what} unasked`);
    }
  }

  /**
   * A server that follows never loses what is committed. A person's own server may, under a new lineage, once no node
   * has it: its data counts for no recovery (Recovery 5).
   */
  synced(server: Server, leader: Server, before: Log, after: Log): void {
    const lost = entriesAfter(before, commonPart(before, after)).find((entry) => contains(this.#head, entry));
    if (!lost) return;
    const byHand = !this.#nodes().some((node) => node === server.host);
    const lineage = leader.host.disk.stamp?.lineage ?? 0;
    const givenUp = lineage > this.#lineage && this.#holderOf(lost, lineage) === undefined;
    if (byHand && givenUp) return;
    throw new Violation(
      'one-history',
      `${server.host.name} (id ${server.id}) follows ${leader.host.name} (id ${leader.id}) and loses committed ${lost.zxid}`,
    );
  }

  #holderOf(entry: Log, lineage: number): Node | undefined {
    return this.#nodes().find(
      (node) =>
        node.instance.state !== 'terminated' && this.#dataOf(node).some((data) => holdsFor(lineage, data, entry)),
    );
  }

  /** Damaged data, which no server starts on, may be given up by a person who was told of it. */
  #dataOf(node: Node): readonly DataState[] {
    return [node.disk.data, ...node.disk.aside.map((aside) => aside.data)]
      .filter((data) => data !== undefined)
      .filter((data) => !(this.emptyGenesisAllowed && (damageOf(data) ?? data.failed ?? data.unloadable)));
  }
}
