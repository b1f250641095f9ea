// SPDX-License-Identifier: Apache-2.0
import type { Observation } from '../model/observation.ts';
import { dynamicIdentity } from './dynamic.ts';
import type { IdMode } from './id-mode.ts';

/** The mode by which the node that looked comes by its id. */
export function idModeOf(_observation: Observation): IdMode {
  return dynamicIdentity;
}
