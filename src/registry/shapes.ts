// SPDX-License-Identifier: Apache-2.0
/**
 * The shape of each thing that agents write for each other into the bucket. A field that this release does not know is
 * no obstacle, and is kept.
 */
import * as v from 'valibot';
import type { Formatted } from '../model/formats.ts';

const whole = v.pipe(v.number(), v.safeInteger());

const member = v.looseObject({
  id: whole,
  address: v.string(),
  quorumPort: whole,
  electionPort: whole,
  role: v.picklist(['participant', 'observer']),
  clientAddress: v.string(),
  clientPort: whole,
  verbatim: v.optional(v.string()),
});

const config = v.looseObject({
  version: v.string(),
  members: v.array(member),
  notUnderstood: v.optional(v.array(v.string())),
});

const data = v.looseObject({
  currentEpoch: whole,
  acceptedEpoch: whole,
  lastZxid: v.string(),
  damage: v.optional(v.string()),
  mayHoldMore: v.optional(v.boolean()),
});

const recordMember = v.looseObject({ id: whole, generation: whole, instance: v.string(), address: v.string() });

const ofEveryRecord = { number: whole, fenced: v.array(v.string()), epochFloor: whole };

const record = v.variant('kind', [
  v.looseObject({ kind: v.literal('genesis'), ...ofEveryRecord, members: v.array(recordMember) }),
  v.looseObject({
    kind: v.literal('forced'),
    ...ofEveryRecord,
    owner: recordMember,
    volume: v.optional(v.string()),
    source: v.looseObject({ lineage: whole, aside: v.optional(v.string()) }),
  }),
]);

const report = v.looseObject({
  instance: v.string(),
  id: v.optional(whole),
  address: v.string(),
  record: whole,
  fenced: v.boolean(),
  canVote: v.boolean(),
  lineage: v.optional(whole),
  volume: v.optional(v.string()),
  data: v.optional(data),
  config: v.optional(config),
  pending: v.optional(config),
  aside: v.array(v.looseObject({ name: v.string(), lineage: whole, data, config: v.optional(config) })),
  obstacle: v.optional(v.string()),
  unreadable: v.optional(v.array(v.looseObject({ what: v.string(), file: v.string(), why: v.string() }))),
});

const binding = v.variant('kind', [
  v.looseObject({ kind: v.literal('proposes'), record, relied: v.record(v.string(), v.string()) }),
  v.looseObject({ kind: v.literal('answers'), record: whole, proposer: v.string(), proposal: v.string() }),
]);

const SHAPES = {
  claim: v.union([
    v.looseObject({ void: v.literal(true) }),
    v.looseObject({ released: v.literal(true) }),
    v.looseObject({ instance: v.string(), address: v.string(), slot: v.optional(v.literal(true)) }),
  ]),
  record,
  outcome: v.variant('kind', [
    v.looseObject({ kind: v.literal('founded'), proposal: v.string(), record }),
    v.looseObject({ kind: v.literal('void'), proposal: v.string(), number: whole }),
  ]),
  announcement: v.looseObject({ record: whole, id: whole, nonce: v.string() }),
  gone: v.looseObject({
    record: whole,
    id: whole,
    address: v.string(),
    epoch: whole,
    left: v.array(v.string()),
    unable: v.optional(v.array(v.string())),
  }),
  report: v.looseObject({
    serial: v.string(),
    facts: v.optional(v.string()),
    report: v.optional(report),
    binds: v.optional(binding),
  }),
} as const satisfies Partial<Record<Formatted, v.GenericSchema>>;

/** Where these fields do not have the shape of their kind: the end of a sentence. Undefined when they have it. */
export function misfitOf(kind: keyof typeof SHAPES, fields: unknown): string | undefined {
  const result = v.safeParse(SHAPES[kind], fields, { abortEarly: true });
  if (result.success) return undefined;
  const [issue] = result.issues;
  return `"${v.getDotPath(issue) ?? ''}" is not as it should be (${issue.expected ?? issue.type})`;
}
