// SPDX-License-Identifier: Apache-2.0
/**
 * Bodies of objects in the bucket. A body that does not fit its key, or has a newer format, is unknown, and the error
 * names its key.
 */
import { AgentError } from '../errors.ts';
import { FORMATS, type Formatted, whyNotUnderstood } from '../model/formats.ts';
import type { LineageRecord } from '../model/records.ts';
import { remembered } from './remembered.ts';
import { misfitOf } from './shapes.ts';

/** What is read as a whole body. A note of a death has no fields, and the others stand on a disk. */
type Shaped = Exclude<Formatted, 'death' | 'stamp' | 'fence' | 'note'>;
type Fields = Readonly<Record<string, unknown>>;

/** The text that is written under a key: the fields, and the format, which older agents check. */
export function bodyOf(kind: Formatted, fields: object): string {
  return JSON.stringify({ format: FORMATS[kind], ...fields });
}

/** The fields without their format. Rejects with BAD_OBJECT when this release does not understand them. */
export function fieldsOf(kind: Shaped, body: string | undefined, key: string): Fields {
  const { fields, why } = body === undefined ? NOTHING : readerOf(kind)(body);
  if (fields === undefined) throw badObject(key, kind, why);
  return fields;
}

/**
 * The fields, or the reason why this release does not understand them. Neither when the body is no JSON object.
 */
interface Understood {
  readonly fields?: Fields;
  readonly why?: string;
}

const NOTHING: Understood = {};
const readers = new Map<Shaped, (body: string) => Understood>();

function readerOf(kind: Shaped): (body: string) => Understood {
  const reader = readers.get(kind) ?? remembered((body) => understand(kind, body));
  readers.set(kind, reader);
  return reader;
}

function understand(kind: Shaped, body: string): Understood {
  const parsed = parsedBody(body);
  if (parsed === undefined) return NOTHING;
  const why = whyNotUnderstood(kind, parsed);
  if (why !== undefined) return { why };
  const { format: _, ...all } = parsed;
  const { fields = all, why: inside } = withoutFormat(all);
  const misfit = inside ?? misfitOf(kind, fields);
  return misfit === undefined ? { fields } : { why: misfit };
}

/**
 * The record inside of an outcome or of a proposal has its own format: a release may write a newer record in the same
 * envelope. Gives the fields as they are without that format, or why the record is not understood. Neither where there
 * is no record inside.
 */
export function withoutFormat(fields: Fields): Understood {
  const { record } = fields;
  if (!isFields(record)) return NOTHING;
  const why = whyNotUnderstood('record', record);
  if (why !== undefined) return { why: `the record in it can't be understood: ${why}` };
  const { format: _, ...rest } = record;
  return { fields: { ...fields, record: rest } };
}

/** For the record inside of an outcome or of a proposal: with its format, as it is written. */
export function recordInside(record: LineageRecord): object {
  return { format: FORMATS.record, ...record };
}

/** The object's fields. Undefined when the body is no JSON object at all. */
export function parsedBody(body: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const NAMES: Readonly<Record<Formatted, string>> = {
  claim: 'claim',
  record: 'lineage record',
  outcome: 'outcome of a proposal',
  announcement: 'announcement',
  report: 'report',
  death: 'note of a death',
  gone: 'word that a member is gone',
  stamp: 'stamp',
  fence: 'fence',
  note: 'note',
};

export function badObject(key: string, kind: Formatted, why?: string): AgentError {
  return new AgentError(
    'BAD_OBJECT',
    `The object ${key} in the bucket is no ${NAMES[kind]} that this agent understands${why === undefined ? '' : `: ${why}`}.`,
    'Compare it with an older version of the object, or with the release of the agent that wrote it; see the runbook.',
  );
}
