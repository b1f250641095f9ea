// SPDX-License-Identifier: Apache-2.0
/** Follows an operation on a stack by its events, to its end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeStackEventsCommand, type StackEvent } from '@aws-sdk/client-cloudformation';
import { call } from './aws.ts';
import type { DeployContext } from './context.ts';
import { DeployError } from './errors.ts';
import { eventLine, isOfTheStack, toneOf } from './events.ts';

/** A page has a hundred events, and an operation on our dozen resources some dozens. */
const MOST_PAGES = 50;
/** Within each of these failures, the SDK has already made its own attempts. */
const MOST_FAILURES_IN_A_ROW = 5;
/** The stack's own events that begin an operation. */
const BEGINNINGS = ['CREATE_IN_PROGRESS', 'UPDATE_IN_PROGRESS', 'DELETE_IN_PROGRESS'];
const STYLES = { failed: 'red', done: 'green', working: 'dim' } as const;

interface FollowedOperation {
  readonly stackId: string;
  readonly stackName: string;
  /** The newest event before the operation; undefined when the stack had none. */
  readonly after: string | undefined;
  /** The number of resources that the operation changes, for the line of progress. */
  readonly resources?: number;
}

export interface StackOutcome {
  /** The stack's final status. */
  readonly status: string;
  /** The events of this operation alone, oldest first. */
  readonly events: readonly StackEvent[];
}

/** The id of the stack's newest event. Events after it belong to the operation that is started next. */
export async function newestEvent(context: DeployContext, stackId: string): Promise<string | undefined> {
  const [newest] = (await page(context, stackId)).StackEvents ?? [];
  return newest?.EventId;
}

/**
 * Prints each event as it comes and resolves when the stack has reached a final status. Rejects with INTERRUPTED when
 * the signal aborts, and with NOT_DONE_IN_TIME after the limit. In both cases the operation goes on by itself.
 */
export async function follow(context: DeployContext, operation: FollowedOperation): Promise<StackOutcome> {
  const { terminal, signal, waits } = context;
  const startedMs = Date.now();
  const events: StackEvent[] = [];
  let failures = 0;
  try {
    for (;;) {
      try {
        const fresh = await eventsAfter(context, operation.stackId, events.at(-1)?.EventId ?? operation.after);
        failures = 0;
        for (const event of fresh) terminal.line(eventLine(event, startedMs), STYLES[toneOf(event)]);
        events.push(...fresh);
      } catch (error) {
        failures += 1;
        if (signal.aborted || failures >= MOST_FAILURES_IN_A_ROW) throw error;
      }
      const status = stackStatus(events);
      if (status !== undefined && !status.endsWith('_IN_PROGRESS')) return { status, events };
      if (Date.now() - startedMs > waits.operationMs) throw outOfTime(operation, waits.operationMs);
      terminal.progress(progressLine(events, operation.resources, Date.now() - startedMs));
      await sleep(waits.pollMs, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    throw interrupted(operation, error);
  } finally {
    terminal.progress();
  }
}

/** Follows an operation that somebody started earlier, with all its events from the beginning. */
export async function followRunning(
  context: DeployContext,
  stack: { readonly id: string; readonly name: string },
): Promise<StackOutcome> {
  const all = await eventsAfter(context, stack.id, undefined);
  const beginning = all.findLastIndex(
    (event) => isOfTheStack(event) && BEGINNINGS.includes(event.ResourceStatus ?? ''),
  );
  return follow(context, { stackId: stack.id, stackName: stack.name, after: all[beginning - 1]?.EventId });
}

/** Oldest first. */
async function eventsAfter(
  context: DeployContext,
  stackId: string,
  after: string | undefined,
): Promise<readonly StackEvent[]> {
  const found: StackEvent[] = [];
  let token: string | undefined;
  for (let count = 0; count < MOST_PAGES; count += 1) {
    const { StackEvents = [], NextToken } = await page(context, stackId, token);
    const known = after === undefined ? -1 : StackEvents.findIndex(({ EventId }) => EventId === after);
    found.push(...(known < 0 ? StackEvents : StackEvents.slice(0, known)));
    if (known >= 0 || NextToken === undefined) break;
    token = NextToken;
  }
  return found.reverse();
}

function page({ aws, signal }: DeployContext, stackId: string, token?: string) {
  const command = new DescribeStackEventsCommand({
    StackName: stackId,
    ...(token === undefined ? {} : { NextToken: token }),
  });
  return call('CloudFormation DescribeStackEvents', signal, (options) => aws.cloudFormation.send(command, options));
}

function stackStatus(events: readonly StackEvent[]): string | undefined {
  return events.findLast(isOfTheStack)?.ResourceStatus;
}

/** `UPDATE_IN_PROGRESS · 3 of 5 resources · Group is UPDATE_IN_PROGRESS · 42 s`. */
export function progressLine(events: readonly StackEvent[], resources: number | undefined, elapsedMs: number): string {
  const latest = new Map<string, string>();
  for (const event of events) {
    if (!isOfTheStack(event)) latest.set(event.LogicalResourceId ?? '', event.ResourceStatus ?? '');
  }
  const statuses = [...latest.values()];
  const done = statuses.filter((status) => status.endsWith('_COMPLETE')).length;
  const working = [...latest].findLast(([, status]) => status.endsWith('_IN_PROGRESS'));
  return [
    stackStatus(events) ?? 'waiting for CloudFormation',
    `${done} of ${Math.max(resources ?? 0, statuses.length)} resources`,
    ...(working === undefined ? [] : [`${working[0]} is ${working[1]}`]),
    `${Math.round(elapsedMs / 1_000)} s`,
  ].join(' · ');
}

function interrupted({ stackName }: FollowedOperation, cause: unknown): DeployError {
  return new DeployError(
    'INTERRUPTED',
    `Nobody follows any more; CloudFormation goes on with the stack ${stackName} by itself.`,
    'Run the same command again to follow it to its end.',
    cause,
  );
}

function outOfTime({ stackName }: FollowedOperation, limitMs: number): DeployError {
  return new DeployError(
    'NOT_DONE_IN_TIME',
    `CloudFormation was not done with the stack ${stackName} within ${Math.round(limitMs / 60_000)} minutes.`,
    'It goes on by itself; run the same command again to follow it to its end.',
  );
}
