// SPDX-License-Identifier: Apache-2.0
import type { SlotKind } from '../model/cloud.ts';
import { dynamicIdentity } from './dynamic.ts';
import { elasticIp } from './elastic-ip.ts';
import type { IdMode } from './id-mode.ts';

const OF_SLOTS: Readonly<Record<SlotKind, IdMode>> = { 'elastic-ip': elasticIp };

/** The mode by which a node comes by its id: that of its slots, or, without any, the dynamic one. */
export function idModeOf({ slots }: { readonly slots?: { readonly kind: SlotKind } }): IdMode {
  return slots === undefined ? dynamicIdentity : OF_SLOTS[slots.kind];
}
