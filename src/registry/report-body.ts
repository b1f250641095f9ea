// SPDX-License-Identifier: Apache-2.0
/** What a report's key holds, and whether it can be understood (docs/protocol.md, "Recovery by force"). */
import { whyNotUnderstood } from '../model/formats.ts';
import type { Binding, Report } from '../model/records.ts';
import { remembered } from './remembered.ts';

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

function understand(text: string, instance: string): Body | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text === '' ? 'it is empty' : 'it is no JSON';
  }
  if (!isObject(value) || typeof value.serial !== 'string') return 'it has no serial';
  const why = whyNotUnderstood('report', value);
  if (why !== undefined) return why;
  const { report, binds } = value;
  if (report !== undefined && !isReport(report, instance)) return `it is no report of ${instance}`;
  if (binds !== undefined && !isBinding(binds)) return 'what it binds its node to does not fit';
  return value as unknown as Body;
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isReport(value: unknown, instance: string): boolean {
  if (!isObject(value)) return false;
  const { record, fenced, canVote, address, aside, data, config, pending, unreadable } = value;
  return (
    value.instance === instance &&
    typeof address === 'string' &&
    typeof record === 'number' &&
    typeof fenced === 'boolean' &&
    typeof canVote === 'boolean' &&
    Array.isArray(aside) &&
    aside.every((each) => isObject(each) && typeof each.name === 'string' && isData(each.data)) &&
    (data === undefined || isData(data)) &&
    (config === undefined || isConfig(config)) &&
    (pending === undefined || isConfig(pending)) &&
    (unreadable === undefined || (Array.isArray(unreadable) && unreadable.every(isObject)))
  );
}

function isData(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value.currentEpoch === 'number' &&
    typeof value.acceptedEpoch === 'number' &&
    typeof value.lastZxid === 'string'
  );
}

function isConfig(value: unknown): boolean {
  return isObject(value) && typeof value.version === 'string' && Array.isArray(value.members);
}

function isBinding(value: unknown): boolean {
  if (!isObject(value)) return false;
  if (value.kind === 'answers')
    return typeof value.record === 'number' && typeof value.proposer === 'string' && typeof value.proposal === 'string';
  return value.kind === 'proposes' && isRecord(value.record) && isObject(value.relied);
}

function isRecord(value: unknown): boolean {
  return isObject(value) && typeof value.number === 'number' && Array.isArray(value.fenced);
}
