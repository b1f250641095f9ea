// SPDX-License-Identifier: Apache-2.0
/**
 * What stands in the data of a lease, as Kazoo writes it: `{"version": 1, "holder": …, "end": "2026-11-30T12:00:00"}`.
 */
export interface LeaseRecord {
  readonly holder: string;
  /** Unix milliseconds. */
  readonly endMs: number;
}

const VERSION = 1;
const END = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?$/;

/** The end has whole seconds: the next one, so that nobody takes it over too early. */
export function renderLease({ holder, endMs }: LeaseRecord): Uint8Array {
  const end = new Date(Math.ceil(endMs / 1_000) * 1_000).toISOString().slice(0, 19);
  return Buffer.from(JSON.stringify({ version: VERSION, holder, end }));
}

/** Undefined for what is no lease, or one of another version. */
export function parseLease(data: Uint8Array): LeaseRecord | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(data).toString());
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const { version, holder, end } = parsed as Readonly<Record<string, unknown>>;
  if (version !== VERSION || typeof holder !== 'string' || typeof end !== 'string' || !END.test(end)) return undefined;
  const endMs = Date.parse(`${end}Z`);
  return Number.isNaN(endMs) ? undefined : { holder, endMs };
}
