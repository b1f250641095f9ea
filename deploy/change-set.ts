// SPDX-License-Identifier: Apache-2.0
/** Change sets: what CloudFormation would do, before it does it. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Change,
  CreateChangeSetCommand,
  DeleteChangeSetCommand,
  DescribeChangeSetCommand,
  type DescribeChangeSetCommandOutput,
  ExecuteChangeSetCommand,
  type Parameter,
} from '@aws-sdk/client-cloudformation';
import { call, messageOf } from './aws.ts';
import { type PlannedChange, plannedChanges } from './changes.ts';
import type { DeployContext } from './context.ts';
import { DeployError } from './errors.ts';
import { dropReview } from './review.ts';

interface ChangeSetRequest {
  readonly stackName: string;
  readonly type: 'CREATE' | 'UPDATE';
  readonly templateBody: string;
  readonly parameters: readonly Parameter[];
}

export interface ChangeSet {
  readonly id: string;
  readonly stackId: string;
  readonly stackName: string;
  readonly type: 'CREATE' | 'UPDATE';
  readonly changes: readonly PlannedChange[];
}

const NOTHING_TO_CHANGE = /didn't contain changes|no updates are to be performed/i;
/** Far more pages than the changes of all our resources need. */
const MOST_PAGES = 20;

/** Undefined when there is nothing to change. Rejects with CHANGE_SET_FAILED and CloudFormation's own words. */
export async function makeChangeSet(context: DeployContext, request: ChangeSetRequest): Promise<ChangeSet | undefined> {
  const { aws, signal } = context;
  const command = new CreateChangeSetCommand({
    StackName: request.stackName,
    ChangeSetName: `deploy-${Date.now()}-${randomBytes(3).toString('hex')}`,
    ChangeSetType: request.type,
    TemplateBody: request.templateBody,
    Parameters: [...request.parameters],
    Capabilities: ['CAPABILITY_IAM'],
  });
  const { Id: id = '', StackId: stackId = '' } = await call('CloudFormation CreateChangeSet', signal, (options) =>
    aws.cloudFormation.send(command, options),
  ).catch((error: unknown) => {
    throw isBusy(error) ? busy(request.stackName, error) : error;
  });
  const made = { id, stackId, stackName: request.stackName, type: request.type, changes: [] };
  try {
    const described = await whenMade(context, id);
    if (described.Status === 'CREATE_COMPLETE') {
      return { ...made, changes: plannedChanges(await allChanges(context, id, described)) };
    }
    const reason = described.StatusReason ?? 'no reason given';
    if (!NOTHING_TO_CHANGE.test(reason)) throw notMade(request.stackName, reason);
  } catch (error) {
    await takeBack(context, made);
    throw error;
  }
  await takeBack(context, made);
  return undefined;
}

function notMade(stackName: string, reason: string): DeployError {
  return new DeployError(
    'CHANGE_SET_FAILED',
    `CloudFormation could not make a change set for the stack ${stackName}: ${reason}`,
    'Nothing was changed; correct what the reason names, then run this again.',
  );
}

async function whenMade(context: DeployContext, id: string): Promise<DescribeChangeSetCommandOutput> {
  const { waits, signal } = context;
  const limitAt = Date.now() + waits.changeSetMs;
  for (;;) {
    const described = await describe(context, id);
    if (described.Status === 'CREATE_COMPLETE' || described.Status === 'FAILED') return described;
    if (Date.now() > limitAt) {
      throw new DeployError(
        'NOT_DONE_IN_TIME',
        `CloudFormation did not make the change set within ${Math.round(waits.changeSetMs / 1_000)} s.`,
        'Nothing was changed; run this again.',
      );
    }
    await sleep(waits.pollMs, undefined, { signal });
  }
}

async function allChanges(
  context: DeployContext,
  id: string,
  first: DescribeChangeSetCommandOutput,
): Promise<readonly Change[]> {
  const changes = [...(first.Changes ?? [])];
  let token = first.NextToken;
  for (let page = 1; token !== undefined && page < MOST_PAGES; page += 1) {
    const next = await describe(context, id, token);
    changes.push(...(next.Changes ?? []));
    token = next.NextToken;
  }
  return changes;
}

function describe({ aws, signal }: DeployContext, id: string, token?: string): Promise<DescribeChangeSetCommandOutput> {
  const command = new DescribeChangeSetCommand({
    ChangeSetName: id,
    ...(token === undefined ? {} : { NextToken: token }),
  });
  return call('CloudFormation DescribeChangeSet', signal, (options) => aws.cloudFormation.send(command, options));
}

/** Starts the operation. If somebody else started another one in between, this change set is obsolete. */
export async function execute(context: DeployContext, { id, stackName }: ChangeSet): Promise<void> {
  const { aws, signal } = context;
  try {
    await call('CloudFormation ExecuteChangeSet', signal, (options) =>
      aws.cloudFormation.send(
        // With the token, CloudFormation recognises a second attempt after a lost answer.
        new ExecuteChangeSetCommand({ ChangeSetName: id, ClientRequestToken: randomBytes(16).toString('hex') }),
        options,
      ),
    );
  } catch (error) {
    if (signal.aborted) {
      throw new DeployError(
        'INTERRUPTED',
        `Interrupted; CloudFormation may have begun with the stack ${stackName}, and then goes on by itself.`,
        'Run the same command again to see, and to follow it.',
        error,
      );
    }
    throw isBusy(error) ? busy(stackName, error) : error;
  }
}

/** The change set is obsolete, or the stack is being changed now. */
function isBusy(error: unknown): boolean {
  if (!(error instanceof DeployError) || !(error.cause instanceof Error)) return false;
  const { name, message } = error.cause;
  return name.startsWith('InvalidChangeSetStatus') || /is in [A-Z_]+_IN_PROGRESS state/.test(message);
}

function busy(stackName: string, cause: unknown): DeployError {
  return new DeployError('STACK_BUSY', `Somebody else is changing the stack ${stackName}.`, 'Run this again.', cause);
}

const CLEAN_UP_MS = 10_000;

/**
 * Removes a change set that will not be executed, and the empty stack that CloudFormation made for it. This runs also
 * after an interruption. It ignores failures, since what stays has changed nothing.
 */
export async function takeBack(context: DeployContext, { id, stackId, stackName, type }: ChangeSet): Promise<void> {
  try {
    await context.aws.cloudFormation.send(new DeleteChangeSetCommand({ ChangeSetName: id }), {
      abortSignal: AbortSignal.timeout(CLEAN_UP_MS),
    });
  } catch (error) {
    context.terminal.line(`The change set could not be removed; it changes nothing (${messageOf(error)}).`);
  }
  if (type === 'CREATE') await dropReview(context, stackId, stackName);
}
