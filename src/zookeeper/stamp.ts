// SPDX-License-Identifier: Apache-2.0
import { AgentError } from '../errors.ts';
import { mendFile } from '../model/advice.ts';
import type { Stamp } from '../model/disk.ts';
import { FORMATS, type Formatted, whyNotUnderstood } from '../model/formats.ts';

/** The file is whole, but has a format that this release does not know. The message is the end of a sentence. */
export class NewerFormat extends Error {
  override readonly name = 'NewerFormat';
}

/** What has a format of its own in a file of the node. */
type OnDisk = Extract<Formatted, 'stamp' | 'fence' | 'note'>;

export function formatStamp(stamp: Stamp): string {
  return formatFormatted('stamp', stamp);
}

/** A cluster name with bytes that no name can have is damage of the file, and not another cluster. */
const NAME = /^[\x21-\x7e]+$/;

const VOLUME = /^vol-[0-9a-f]+$/;

/**
 * Parses a stamp's file. A field that this release does not know is kept, for when the stamp is written again. `path` is
 * for the error only. Throws BAD_DATA_DIRECTORY, or NewerFormat.
 */
export function parseStamp(text: string, path: string): Stamp {
  const { cluster, lineage, id, volume, ...rest } = parseFormatted('stamp', text, path);
  if (typeof cluster !== 'string' || !NAME.test(cluster) || !isWhole(lineage) || !isWhole(id)) {
    throw unreadable(path);
  }
  if (volume === undefined) return { ...rest, cluster, lineage, id };
  if (typeof volume !== 'string' || !VOLUME.test(volume)) throw unreadable(path);
  return { ...rest, cluster, lineage, id, volume };
}

/** The fields without their format. Throws BAD_DATA_DIRECTORY, or NewerFormat. */
export function parseFormatted(kind: OnDisk, text: string, path: string): Readonly<Record<string, unknown>> {
  const value = parseJson(text, path);
  const newer = whyNotUnderstood(kind, value);
  if (newer !== undefined) throw new NewerFormat(newer);
  const { format: _, ...fields } = value;
  return fields;
}

export function formatFormatted(kind: OnDisk, fields: object): string {
  return `${JSON.stringify({ format: FORMATS[kind], ...fields })}\n`;
}

function parseJson(text: string, path: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { ...value };
    }
  } catch (error) {
    throw unreadable(path, error);
  }
  throw unreadable(path);
}

export function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

export function unreadable(path: string, cause?: unknown): AgentError {
  return new AgentError(
    'BAD_DATA_DIRECTORY',
    `${path} cannot be understood, so it is not known whose data this is.`,
    mendFile(path),
    cause,
  );
}
