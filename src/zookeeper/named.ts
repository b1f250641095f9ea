// SPDX-License-Identifier: Apache-2.0
/** The note of the claim on a place whose name stands: `2.3`, place and generation (docs/protocol.md, "Names 4"). */
import type { DiskFacts } from '../model/disk.ts';

export function formatNamed({ place, generation }: NonNullable<DiskFacts['named']>): string {
  return `${place}.${generation}\n`;
}

/** Undefined when the note has no usable content. Then the name is written again. */
export function parseNamed(text: string): DiskFacts['named'] {
  const [, place, generation] = /^([1-9]\d?)\.([1-9]\d{0,8})\n$/.exec(text) ?? [];
  return place === undefined ? undefined : { place: Number(place), generation: Number(generation) };
}
