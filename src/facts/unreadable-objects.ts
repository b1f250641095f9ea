// SPDX-License-Identifier: Apache-2.0
/** Objects of the bucket that this node has met and does not understand. Pure. */
import { ownerKey } from '../model/claims.ts';
import type { Observation } from '../model/observation.ts';
import type { UnreadableObject } from '../model/records.ts';

/** Claims, notes of a death, and reports: what depends on one of them waits. Each has its key, and why. */
export function unreadableObjects({
  shared,
  silence,
}: Pick<Observation, 'shared' | 'silence'>): readonly Pick<UnreadableObject, 'key' | 'why'>[] {
  const { claims = [], unreadableNotes = [] } = shared.known ? shared.value : {};
  return [
    ...claims
      .filter(({ owner }) => owner === 'unreadable')
      .map((claim) => ({ key: ownerKey(claim), why: claim.why ?? 'it can not be read' })),
    ...unreadableNotes,
    ...((silence.known ? silence.value.unreadable : undefined) ?? []),
  ];
}
