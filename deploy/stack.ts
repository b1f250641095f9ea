// SPDX-License-Identifier: Apache-2.0
/** The stack as CloudFormation describes it, and what each of its states allows. */
import {
  DescribeStackResourceCommand,
  DescribeStacksCommand,
  ListStackResourcesCommand,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import type { CallFailure } from '../src/aws/aws-errors.ts';
import type { AwsClients } from '../tools/aws-clients.ts';
import { call, messageOf } from './aws.ts';

/**
 * - `absent`: there is no stack of that name.
 * - `review`: a change set waits that would create the stack; it has no resources.
 * - `updatable`: the stack exists.
 * - `working`: an operation is going on.
 * - `failed-creation`: the stack can only be deleted.
 * - `unusable`: a person has to repair the stack first.
 */
export type StackCondition = 'absent' | 'review' | 'updatable' | 'working' | 'failed-creation' | 'unusable';

export interface StackView {
  /** The ARN. It names this very stack, even after the stack is deleted. */
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly reason: string | undefined;
  readonly outputs: Readonly<Record<string, string>>;
}

const FAILED_CREATION = ['ROLLBACK_COMPLETE', 'ROLLBACK_FAILED', 'CREATE_FAILED'];
const UPDATABLE = ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE', 'IMPORT_COMPLETE'];

export function conditionOf(status: string | undefined): StackCondition {
  if (status === undefined || status === 'DELETE_COMPLETE') return 'absent';
  if (status === 'REVIEW_IN_PROGRESS') return 'review';
  if (status.endsWith('_IN_PROGRESS')) return 'working';
  if (UPDATABLE.includes(status) || status === 'IMPORT_ROLLBACK_COMPLETE') return 'updatable';
  return FAILED_CREATION.includes(status) ? 'failed-creation' : 'unusable';
}

/** The stack by its name (the living one) or its id (a deleted one too); undefined when there is none. */
export async function describeStack(
  aws: AwsClients,
  nameOrId: string,
  signal: AbortSignal,
): Promise<StackView | undefined> {
  const { Stacks = [] } = await call(
    'CloudFormation DescribeStacks',
    signal,
    (options) => aws.cloudFormation.send(new DescribeStacksCommand({ StackName: nameOrId }), options),
    (failure) => (isMissing(failure) ? { $metadata: {}, Stacks: [] } : undefined),
  );
  const stack = Stacks[0];
  return stack === undefined ? undefined : viewOf(stack);
}

/** CloudFormation has no separate error code for this. */
function isMissing({ code, cause }: CallFailure): boolean {
  return code === 'ValidationError' && /does not exist/.test(messageOf(cause));
}

function viewOf(stack: Stack): StackView {
  const outputs = (stack.Outputs ?? []).flatMap(({ OutputKey, OutputValue }) =>
    OutputKey === undefined || OutputValue === undefined ? [] : [[OutputKey, OutputValue] as const],
  );
  return {
    id: stack.StackId ?? '',
    name: stack.StackName ?? '',
    status: stack.StackStatus ?? '',
    reason: stack.StackStatusReason,
    outputs: Object.fromEntries(outputs),
  };
}

/** The physical id of one resource; undefined while there is none. */
export async function physicalId(
  aws: AwsClients,
  stackId: string,
  logicalId: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { StackResourceDetail } = await call(
    `CloudFormation DescribeStackResource (${logicalId})`,
    signal,
    (options) =>
      aws.cloudFormation.send(
        new DescribeStackResourceCommand({ StackName: stackId, LogicalResourceId: logicalId }),
        options,
      ),
    (failure) => (isMissing(failure) ? { $metadata: {}, StackResourceDetail: undefined } : undefined),
  );
  if (StackResourceDetail?.ResourceStatus === 'DELETE_COMPLETE') return undefined;
  return StackResourceDetail?.PhysicalResourceId || undefined;
}

/** Far more pages of resources than our templates need. */
const MOST_PAGES = 20;

/** The logical ids of all resources that the stack has or had. */
export async function resourcesOf(aws: AwsClients, stackId: string, signal: AbortSignal): Promise<readonly string[]> {
  const ids: string[] = [];
  let NextToken: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await call('CloudFormation ListStackResources', signal, (options) =>
      aws.cloudFormation.send(
        new ListStackResourcesCommand({ StackName: stackId, ...(NextToken === undefined ? {} : { NextToken }) }),
        options,
      ),
    );
    for (const { LogicalResourceId } of answer.StackResourceSummaries ?? []) ids.push(LogicalResourceId ?? '');
    NextToken = answer.NextToken;
    if (NextToken === undefined) break;
  }
  return ids;
}

/** The cluster's id, made of the stack's name and the first part of its unique id: `orders-4f1c2a90`. */
export function clusterOf({ id, name }: Pick<StackView, 'id' | 'name'>): string {
  return `${name}-${id.split('/')[2]?.split('-')[0] ?? ''}`;
}
