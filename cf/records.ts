// SPDX-License-Identifier: Apache-2.0
/** The keys that nodes write in the cluster's bucket, under `<cluster>/` (docs/protocol.md; src/registry). */
import type { TemplateOptions } from './template-options.ts';

/**
 * Owners of claims, notes about dead instances, and lineage records with the announcements: created once, never
 * changed.
 */
export const CREATED_ONCE = ['claims', 'dead', 'lineage', 'places'] as const;

/** Those of one cluster: places are claimed only where nodes keep names. */
export function createdOnce({ zone }: Pick<TemplateOptions, 'zone'>): readonly string[] {
  return CREATED_ONCE.filter((folder) => folder !== 'places' || zone !== undefined);
}

/** Reports of nodes without quorum. A node may rewrite one only if nothing changed since it last read it. */
export const REWRITTEN = ['reports'] as const;
