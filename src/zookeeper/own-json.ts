// SPDX-License-Identifier: Apache-2.0
/** The agent's own files of JSON, each with the format of its kind. */
import { AgentError } from '../errors.ts';
import { mendFile } from '../model/advice.ts';
import { FORMATS, type Formatted, whyNotUnderstood } from '../model/formats.ts';

/** The file is whole, but has a format that this release does not know. The message is the end of a sentence. */
export class NewerFormat extends Error {
  override readonly name = 'NewerFormat';
}

/** What has a format of its own in a file of the node. */
type OnDisk = Extract<Formatted, 'stamp' | 'fence' | 'note'>;

/** The fields without their format. Throws BAD_DATA_DIRECTORY, or NewerFormat. */
export function parseOwnJson(kind: OnDisk, text: string, path: string): Readonly<Record<string, unknown>> {
  const value = parseJson(text, path);
  const newer = whyNotUnderstood(kind, value);
  if (newer !== undefined) throw new NewerFormat(newer);
  const { format: _, ...fields } = value;
  return fields;
}

export function formatOwnJson(kind: OnDisk, fields: object): string {
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
