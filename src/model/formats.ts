// SPDX-License-Identifier: Apache-2.0
/**
 * The format of each thing that agents write for each other, and for themselves after an update (docs/protocol.md,
 * "Words"). During an update of the image, and its rollback, agents of two releases read what the others wrote.
 *
 * A number rises when an older agent would misunderstand what is written. A new field that an older agent may ignore
 * needs no new number. A thing without a format was written before there were formats, and has format 1.
 */
export const FORMATS = {
  claim: 1,
  record: 1,
  outcome: 1,
  announcement: 1,
  report: 2,
  death: 1,
  gone: 1,
  stamp: 1,
  fence: 1,
  /** What the agent notes for itself in a file: occasions, facts of data set aside, checked snapshots and the like. */
  note: 1,
} as const;

export type Formatted = keyof typeof FORMATS;

/** Why this release can't understand these fields, as the end of a sentence. Undefined when it can. */
export function whyNotUnderstood(kind: Formatted, { format = 1 }: { readonly format?: unknown }): string | undefined {
  if (typeof format !== 'number' || !Number.isSafeInteger(format) || format < 1) return 'its format is no number';
  if (format <= FORMATS[kind]) return undefined;
  return `it was written by a newer release (format ${format}, and this one reads up to ${FORMATS[kind]})`;
}
