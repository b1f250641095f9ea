// SPDX-License-Identifier: Apache-2.0
/** All directed cases. */
import { ADVICE_CASES } from './directed-advice.ts';
import { BY_HAND_CASES } from './directed-by-hand.ts';
import { type Case, CASES as MEMBERSHIP_CASES } from './directed-cases.ts';
import { CLAIM_CASES } from './directed-claims.ts';
import { COPY_CASES } from './directed-copies.ts';
import { DECLARED_GONE_CASES } from './directed-declared-gone.ts';
import { FILE_CASES } from './directed-files.ts';
import { FORGOTTEN_CONFIG_CASES } from './directed-forgotten.ts';
import { LIFECYCLE_CASES } from './directed-lifecycle.ts';
import { MEANWHILE_CASES } from './directed-meanwhile.ts';
import { MEANWHILE_RECOVERY_CASES } from './directed-meanwhile-recovery.ts';
import { NAME_CASES } from './directed-names.ts';
import { PROPOSAL_CASES } from './directed-proposals.ts';
import { SERVER_CASES } from './directed-server.ts';
import { SLOT_CASES } from './directed-slots.ts';

export const DIRECTED_CASES: readonly Case[] = [
  ...MEMBERSHIP_CASES,
  ...LIFECYCLE_CASES,
  ...SERVER_CASES,
  ...CLAIM_CASES,
  ...PROPOSAL_CASES,
  ...MEANWHILE_CASES,
  ...MEANWHILE_RECOVERY_CASES,
  ...ADVICE_CASES,
  ...FILE_CASES,
  ...BY_HAND_CASES,
  ...DECLARED_GONE_CASES,
  ...FORGOTTEN_CONFIG_CASES,
  ...COPY_CASES,
  ...SLOT_CASES,
  ...NAME_CASES,
];
