// SPDX-License-Identifier: Apache-2.0
/** Invariant 2. A `version-2` that an agent takes away is still there, set aside, as the very same data. */
import { Violation } from '../core/violation.ts';
import type { DataState } from '../node/disk-state.ts';
import type { Node } from '../node/node.ts';

export class NoDataDeleted {
  readonly #seen = new Map<Node, { data: DataState | undefined; wipes: number }>();

  look(node: Node): void {
    const { data, aside } = node.disk;
    const seen = this.#seen.get(node);
    if (!seen) {
      this.#seen.set(node, { data, wipes: node.wipes });
      return;
    }
    if (seen.data === data) return;
    const before = seen.data;
    if (before && seen.wipes === node.wipes && !aside.some((each) => each.data === before)) {
      throw new Violation('no-data-deleted', `the data of ${node.name} was replaced and is not set aside`);
    }
    seen.data = data;
    seen.wipes = node.wipes;
  }
}
