// SPDX-License-Identifier: Apache-2.0
/** What a report's key holds, and whether it can be understood (docs/protocol.md, "Recovery by force"). */
import { whyNotUnderstood } from '../model/formats.ts';
import type { Binding, Report } from '../model/records.ts';
import { isFields, parsedBody, recordInside, withoutFormat } from './body.ts';
import { remembered } from './remembered.ts';
import { misfitOf } from './shapes.ts';

export interface Body {
  /** Absent in bodies that the release before wrote. */
  readonly format?: number;
  readonly serial: string;
  /** The serial under which the facts of the report were first written. Absent when it is `serial`. */
  readonly facts?: string;
  /** Absent once the report is withdrawn. */
  readonly report?: Report;
  readonly binds?: Binding;
}

/** By text, and then by the instance to which the report must belong. */
const understood = remembered(() => new Map<string, Body | string>());

/** The body of `instance`'s report, or a sentence that says why it is none. */
export function parseBody(text: string, instance: string): Body | string {
  const bodies = understood(text);
  const body = bodies.get(instance) ?? understand(text, instance);
  bodies.set(instance, body);
  return body;
}

/** The text that is written for this body. */
export function textOf({ binds, ...body }: Body): string {
  if (binds?.kind !== 'proposes') return JSON.stringify(binds === undefined ? body : { ...body, binds });
  return JSON.stringify({ ...body, binds: { ...binds, record: recordInside(binds.record) } });
}

function understand(text: string, instance: string): Body | string {
  const value = parsedBody(text);
  if (value === undefined) return text === '' ? 'it is empty' : 'it is no JSON object';
  const newer = whyNotUnderstood('report', value);
  if (newer !== undefined) return newer;
  const { fields: binds, why: inside } = isFields(value.binds) ? withoutFormat(value.binds) : {};
  const fields = binds === undefined ? value : { ...value, binds };
  const why = inside ?? misfitOf('report', fields);
  if (why !== undefined) return why;
  const body = fields as unknown as Body;
  return body.report && body.report.instance !== instance ? `it is no report of ${instance}` : body;
}
