// SPDX-License-Identifier: Apache-2.0
/** The keys that nodes write in the cluster's bucket, under `<cluster>/` (docs/protocol.md; src/registry). */

/**
 * Owners of claims, notes about dead instances, and lineage records with the announcements: created once, never
 * changed.
 */
export const CREATED_ONCE = ['claims', 'dead', 'lineage', 'places'] as const;

/** Reports of nodes without quorum. A node may rewrite one only if nothing changed since it last read it. */
export const REWRITTEN = ['reports'] as const;
