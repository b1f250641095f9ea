// SPDX-License-Identifier: Apache-2.0
/** Situations in which a list of names or of places matters, beside those of listing-situations.ts. */
import { type NameZone, wantedRecords } from '../../src/model/names.ts';
import type { MemoryNode } from '../act/memory-node.ts';
import { addressOf, diskOf, instanceOf } from '../decide/parts.ts';
import { cluster, type Situation } from './listing-situations.ts';

const ZONE: NameZone = { domain: 'orders.internal.', places: 3 };

/** This instance has the place, and its name. */
function named(node: MemoryNode, place: number, instance: string, address: string): void {
  const owner = { instance, address };
  node.shelf.put(`places/${place}.1.json`, owner);
  node.names.replace([], wantedRecords(ZONE, { place, generation: 1, owner }, address));
}

export const WITH_NAMES: readonly Situation[] = [
  {
    title: 'a leader whose member 1 has place 4 of three, and place 5 belongs to nobody any more',
    node: () => {
      const node = cluster(3);
      named(node, 3, instanceOf(3), addressOf(3));
      named(node, 4, instanceOf(1), addressOf(1));
      named(node, 5, 'i-0dead', '10.0.0.9');
      node.shelf.put('dead/i-0dead', {});
      node.disk = diskOf(3, { named: { place: 3, generation: 1 } });
      return node;
    },
    zone: ZONE,
    never: /^replace (4 by|2 by 2)/,
    usually: /^replace 2 by 0 names/,
  },
];
