// SPDX-License-Identifier: Apache-2.0
import type { Observation } from '../../../src/model/observation.ts';
import type { Decision } from '../../../src/model/step.ts';

/** One situation, and what decide does in it, compared whole. */
export interface Row {
  /** A rule of docs/protocol.md and what is special here: `Claims 3: all ids are taken`. */
  readonly name: string;
  readonly given: Observation;
  /** Undefined where a bootstrap that has ended has nothing more to say. */
  readonly expected: Decision | undefined;
}

export function row(name: string, given: Observation, expected: Decision | undefined): Row {
  return { name, given, expected };
}
