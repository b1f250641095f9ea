// SPDX-License-Identifier: Apache-2.0
import type { NameZone } from '../model/names.ts';
import type { Observation, Order, StackTies } from '../model/observation.ts';
import type { Ports } from '../ports.ts';
import type { Timings } from '../timings.ts';
import type { Memory } from './memory.ts';

/** What one run of the agent looks with, and for which node. */
export interface Look {
  readonly ports: Ports;
  readonly order: Order;
  readonly self: Observation['self'];
  readonly timings: Timings;
  readonly memory: Memory;
  /** Absent for a node that belongs to no stack. */
  readonly stack?: StackTies;
  /** Absent where the cluster has no names. */
  readonly zone?: NameZone;
}
