// SPDX-License-Identifier: Apache-2.0
import { CLAIMS } from './claims.ts';
import { DECLARED_GONE } from './declared-gone.ts';
import { EVERYWHERE } from './everywhere.ts';
import { FILES } from './files.ts';
import { GENESIS } from './genesis.ts';
import { JOINING } from './joining.ts';
import { LEAVING } from './leaving.ts';
import { NAMES } from './names.ts';
import { RECOVERY } from './recovery.ts';
import type { Row } from './row.ts';
import { SLOTS } from './slots.ts';

/** By chapter of docs/protocol.md. */
export const CASES: readonly Row[] = [
  ...FILES,
  ...CLAIMS,
  ...GENESIS,
  ...JOINING,
  ...LEAVING,
  ...RECOVERY,
  ...DECLARED_GONE,
  ...SLOTS,
  ...NAMES,
  ...EVERYWHERE,
];
