// SPDX-License-Identifier: Apache-2.0
/**
 * Every event that the agent logs, in one table. The type of a log line is made from it. docs/layout.md shows an
 * example of each event for people who parse logs; a test compares the two.
 *
 * While the agent runs, no module imports the table itself. The other modules use its types only, so the table costs
 * the healthy tick nothing.
 */
import type { ErrorCode } from './errors.ts';
import type { Advice } from './model/advice.ts';
import type { Observation } from './model/observation.ts';
import type { Decision, StepKind } from './model/step.ts';

/** What a field of a line may hold. */
interface Kinds {
  readonly sentence: string;
  readonly 'error code': ErrorCode;
  readonly 'kind of step': StepKind;
  readonly 'kind of step, or `wait`, `done`, `refuse`': StepKind | Exclude<Decision['kind'], 'step'>;
  readonly 'list of advice': readonly Advice[];
  readonly 'the whole observation': Observation;
  readonly 'the whole decision': Decision;
  readonly 'stack trace': string;
}

type Fields = { readonly [field: string]: keyof Kinds };

interface EventRow {
  /** `info`: the usual course. `warning`: the agent goes on without something. `error`: a person should read it. */
  readonly level: 'info' | 'warning' | 'error';
  readonly fields: Fields;
  /** Fields that a line may lack. */
  readonly optional: Fields;
  /** When the line is written; it completes the sentence "It is written when …". */
  readonly when: string;
}

export const LOG_EVENTS = {
  healthy: {
    level: 'info',
    fields: { saw: 'sentence' },
    optional: {},
    when: 'a `recovery` run found nothing to do, without a call to AWS',
  },
  busy: {
    level: 'info',
    fields: { saw: 'sentence' },
    optional: {},
    when: 'another run of the agent holds the lock of this node',
  },
  decided: {
    level: 'info',
    fields: { decided: 'kind of step, or `wait`, `done`, `refuse`', why: 'sentence' },
    optional: { saw: 'sentence', next: 'sentence', advice: 'list of advice' },
    when: 'a look led to another decision, or to another reason, than the look before',
  },
  act: {
    level: 'info',
    fields: { step: 'kind of step' },
    optional: {},
    when: 'a step begins',
  },
  acted: {
    level: 'info',
    fields: { step: 'kind of step' },
    optional: {},
    when: 'a step is done',
  },
  failed: {
    level: 'warning',
    fields: { step: 'kind of step', code: 'error code', saw: 'sentence' },
    optional: {},
    when: 'a step could not be done; the loop looks again',
  },
  done: {
    level: 'info',
    fields: { why: 'sentence' },
    optional: { next: 'sentence', advice: 'list of advice' },
    when: 'nothing is left to do',
  },
  'dry-run': {
    level: 'info',
    fields: { saw: 'the whole observation', decided: 'the whole decision', why: 'sentence' },
    optional: { next: 'sentence', advice: 'list of advice' },
    when: 'the run was called with `--dry-run`',
  },
  'by-hand': {
    level: 'warning',
    fields: { saw: 'sentence' },
    optional: {},
    when: 'a person has changed members or their lines by hand; once in a run for each such fact',
  },
  heartbeat: {
    level: 'info',
    fields: { saw: 'sentence' },
    optional: {},
    when: 'a lifecycle hook was asked to wait on for this node',
  },
  'no-heartbeat': {
    level: 'warning',
    fields: { code: 'error code', saw: 'sentence' },
    optional: {},
    when: 'a heartbeat of a lifecycle hook failed',
  },
  signalled: {
    level: 'info',
    fields: { saw: 'sentence' },
    optional: {},
    when: 'the stack was told that this node is ready',
  },
  'no-stream': {
    level: 'warning',
    fields: { saw: 'sentence' },
    optional: {},
    when: 'the deleted log stream of a claim could not be made anew',
  },
  untagged: {
    level: 'warning',
    fields: { saw: 'sentence' },
    optional: {},
    when: 'the tags of the instance could not be written',
  },
  error: {
    level: 'error',
    fields: { code: 'error code', saw: 'sentence', next: 'sentence' },
    optional: { cause: 'sentence', stack: 'stack trace' },
    when: 'a run failed (its last line, on standard error), or a lifecycle hook is about to end (in the log)',
  },
} as const satisfies Readonly<Record<string, EventRow>>;

type Table = typeof LOG_EVENTS;
type LogEvent = keyof Table;

type Values<F extends Fields> = { readonly [field in keyof F]: Kinds[F[field]] };

/** One line of the log, without the fields that every line has (`time`, and `command` where a command runs). */
export type LogEntry = {
  readonly [event in LogEvent]: { readonly event: event } & Values<Table[event]['fields']> &
    Partial<Values<Table[event]['optional']>>;
}[LogEvent];
