// SPDX-License-Identifier: Apache-2.0
/** A stack's events in words, and the first cause of a failure among them. */
import type { StackEvent } from '@aws-sdk/client-cloudformation';

/** The line of one event. Its seconds count from `startedMs`, which is in milliseconds since 1970. */
export function eventLine(event: StackEvent, startedMs: number): string {
  const seconds = Math.max(0, ((event.Timestamp?.getTime() ?? startedMs) - startedMs) / 1_000);
  const id = (event.LogicalResourceId ?? '').padEnd(26);
  const reason = event.ResourceStatusReason === undefined ? '' : `: ${event.ResourceStatusReason}`;
  return `${seconds.toFixed(1).padStart(7)}s  ${id}  ${event.ResourceStatus ?? ''}${reason}`;
}

type EventTone = 'failed' | 'done' | 'working';

export function toneOf(event: StackEvent): EventTone {
  const status: string = event.ResourceStatus ?? '';
  // A rollback completes too, but it is not a success.
  if (status.endsWith('_FAILED') || status.includes('ROLLBACK')) return 'failed';
  return status.endsWith('_COMPLETE') ? 'done' : 'working';
}

export function isOfTheStack({ PhysicalResourceId, StackId }: StackEvent): boolean {
  return PhysicalResourceId !== undefined && PhysicalResourceId === StackId;
}

interface Cause {
  readonly logicalId: string;
  readonly type: string;
  readonly status: string;
  readonly reason: string;
}

/** A resource that was in progress when another one failed. It says nothing about the cause. */
const CANCELLED = /^Resource (creation|update|deletion) cancell?ed/i;

/**
 * The failure that caused all others: the earliest `*_FAILED` of a resource that was not merely cancelled. The stack
 * itself fails later, and its reason only lists names. Undefined when nothing failed.
 */
export function firstCause(oldestFirst: readonly StackEvent[]): Cause | undefined {
  const failed = oldestFirst.filter(({ ResourceStatus }) => ResourceStatus?.endsWith('_FAILED'));
  const own = failed.filter((event) => !isOfTheStack(event) && !CANCELLED.test(event.ResourceStatusReason ?? ''));
  const first = own[0] ?? failed.find(isOfTheStack) ?? failed[0];
  if (first === undefined) return undefined;
  return {
    logicalId: first.LogicalResourceId ?? '(unnamed)',
    type: first.ResourceType ?? '(unknown type)',
    status: first.ResourceStatus ?? '(unknown status)',
    reason: first.ResourceStatusReason ?? 'CloudFormation gave no reason',
  };
}

interface Advice {
  readonly when: RegExp;
  readonly next: string;
}

const ADVICE: readonly Advice[] = [
  {
    when: /signal/i,
    next: "The nodes did not all say that they vote: read the agent's log on a node, or in the node's log group, then deploy again.",
  },
  {
    when: /not authorized|AccessDenied|UnauthorizedOperation|access denied/i,
    next: 'Compare your permissions with those that docs/deploying.md lists for a person who deploys, then deploy again.',
  },
  {
    when: /InsufficientInstanceCapacity|capacity/i,
    next: 'Wait, or choose another --instancetype, then deploy again.',
  },
  { when: /limit|quota/i, next: 'Ask AWS for a higher quota, or free what is not needed, then deploy again.' },
  {
    when: /BucketNotEmpty|not empty/i,
    next: 'Empty the bucket that the message names, or let --delete --with-data do it, then run this again.',
  },
  {
    when: /DependencyViolation|dependent object|has a dependency/i,
    next: "Something outside of the stack uses this resource: remove that use (such as a rule that names the stack's security group), then run this again.",
  },
];

export function adviceFor(cause: Cause): string {
  const { next } = ADVICE.find(({ when }) => when.test(cause.reason)) ?? {};
  return next ?? `Correct what the reason of ${cause.logicalId} names, then run this again.`;
}
