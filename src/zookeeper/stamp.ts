// SPDX-License-Identifier: Apache-2.0
import { AgentError } from '../errors.ts';
import { mendFile } from '../model/advice.ts';
import type { Stamp } from '../model/disk.ts';
import { FORMATS, whyNotUnderstood } from '../model/formats.ts';

/** The file is whole, but has a format that this release does not know. The message is the end of a sentence. */
export class NewerFormat extends Error {
  override readonly name = 'NewerFormat';
}

export function formatStamp(stamp: Stamp): string {
  return formatJson({ format: FORMATS.stamp, ...stamp });
}

/** A cluster name with bytes that no name can have is damage of the file, and not another cluster. */
const NAME = /^[\x21-\x7e]+$/;

const VOLUME = /^vol-[0-9a-f]+$/;

/** Parses a stamp's file. `path` is for the error only. Throws BAD_DATA_DIRECTORY, or NewerFormat. */
export function parseStamp(text: string, path: string): Stamp {
  const value = parseJson(text, path);
  const newer = whyNotUnderstood('stamp', value);
  if (newer !== undefined) throw new NewerFormat(newer);
  const { cluster, lineage, id, volume } = value;
  if (typeof cluster !== 'string' || !NAME.test(cluster) || !isWhole(lineage) || !isWhole(id)) {
    throw unreadable(path);
  }
  if (volume === undefined) return { cluster, lineage, id };
  if (typeof volume !== 'string' || !VOLUME.test(volume)) throw unreadable(path);
  return { cluster, lineage, id, volume };
}

export function formatJson(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

/** Parses a JSON object from one of the agent's own files. */
export function parseJson(text: string, path: string): Readonly<Record<string, unknown>> {
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
