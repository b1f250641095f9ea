// SPDX-License-Identifier: Apache-2.0
/** The keys that nodes write in the cluster's bucket, under `<cluster>/` (docs/protocol.md; src/registry). */

/** Claims' owners, notes of the dead, lineage records with the announcements: created once, never changed. */
export const CREATED_ONCE = ['claims', 'dead', 'lineage'] as const;

/** Reports of nodes without quorum: rewritten, each time on condition of what was read before. */
export const REWRITTEN = ['reports'] as const;
