// SPDX-License-Identifier: Apache-2.0
/** A rule of the protocol left out: the agent's world or one of its parts replaced from the outside. */
import type { LoopParts } from '../../../src/loop.ts';
import type { Ports } from '../../../src/ports.ts';
import type { Timings } from '../../../src/timings.ts';
import type { Node } from '../node/node.ts';
import type { World } from '../world.ts';

export interface Mutation {
  readonly name: string;
  /** Which rule of docs/protocol.md is left out. */
  readonly rule: string;
  readonly ports?: (ports: Ports, node: Node) => Ports;
  readonly parts?: (parts: LoopParts) => LoopParts;
  readonly timings?: Partial<Timings>;
  /** Found by random histories from seed 1 on within this many; without it by a directed scenario. */
  readonly seeds?: number;
  /** Gets the world before it begins, for what happens outside of any agent. */
  readonly world?: (world: World) => void;
}
