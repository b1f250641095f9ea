// SPDX-License-Identifier: Apache-2.0
/**
 * The rules that can be left out, one at a time. Each must be found: within so many seeds, or by a directed scenario.
 */

import { ADVICE_MUTATIONS } from './advice.ts';
import { BY_HAND_MUTATIONS } from './by-hand.ts';
import { CLAIM_MUTATIONS } from './claims.ts';
import { FILE_MUTATIONS } from './files.ts';
import { GENESIS_MUTATIONS } from './genesis.ts';
import { JOINING_MUTATIONS } from './joining.ts';
import { LIFECYCLE_MUTATIONS } from './lifecycle.ts';
import type { Mutation } from './mutation.ts';
import { NAME_MUTATIONS } from './names.ts';
import { PROPOSAL_MUTATIONS } from './proposals.ts';
import { RECOVERY_MUTATIONS } from './recovery.ts';
import { SERVER_MUTATIONS } from './server.ts';
import { SLOT_MUTATIONS } from './slots.ts';

export const MUTATIONS: readonly Mutation[] = [
  ...CLAIM_MUTATIONS,
  ...GENESIS_MUTATIONS,
  ...JOINING_MUTATIONS,
  ...RECOVERY_MUTATIONS,
  ...PROPOSAL_MUTATIONS,
  ...LIFECYCLE_MUTATIONS,
  ...ADVICE_MUTATIONS,
  ...SERVER_MUTATIONS,
  ...BY_HAND_MUTATIONS,
  ...FILE_MUTATIONS,
  ...SLOT_MUTATIONS,
  ...NAME_MUTATIONS,
];
