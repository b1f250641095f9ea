// SPDX-License-Identifier: Apache-2.0
/**
 * The deployment. It checks that the input fits the resources in AWS and generates the template. It shows the change
 * set in words, executes it and follows it to its end. Nothing is changed before the execution.
 */
import { template as templateOf, templateText } from '../cf/template.ts';
import type { TemplateOptions } from '../cf/template-options.ts';
import { type ChangeSet, execute, makeChangeSet, takeBack } from './change-set.ts';
import { changeLines, dangerous, type PlannedChange, summaryOf } from './changes.ts';
import { checkedInput } from './check/check.ts';
import type { DeployContext } from './context.ts';
import { deletionOf } from './delete.ts';
import { DeployError } from './errors.ts';
import { adviceFor, firstCause } from './events.ts';
import { follow, followRunning, newestEvent, type StackOutcome } from './follow.ts';
import { lint } from './lint.ts';
import { refuseForeign } from './ownership.ts';
import { keepingSize, presentSize } from './present-size.ts';
import { confirm } from './questions.ts';
import { refuseOtherMode } from './same-mode.ts';
import { conditionOf, describeStack, type StackView } from './stack.ts';

export interface DeployOptions {
  readonly template: TemplateOptions;
  /** Shows the change set and stops. */
  readonly dryRun: boolean;
  /**
   * Answers two questions: before a failed creation is deleted, and before the group, bucket or claims are replaced.
   */
  readonly yes: boolean;
  /** Checks the template with cfn-lint where it is installed. */
  readonly lint: boolean;
}

export interface DeployResult {
  readonly action: 'created' | 'updated' | 'unchanged' | 'would create' | 'would update';
  readonly stackName: string;
  /** The stack's ARN; absent when a dry run would create the stack. */
  readonly stackId?: string;
  readonly changes: readonly PlannedChange[];
  readonly outputs: Readonly<Record<string, string>>;
}

/** Rejects with DeployError. Can be repeated at any time: finished work is not done again. */
export async function deploy(options: DeployOptions, context: DeployContext): Promise<DeployResult> {
  const { terminal } = context;
  const { stackName } = options.template;
  const input = await checkedInput(context, options.template);
  const stack = await readyStack(context, stackName, options);
  const standing = stack !== undefined && conditionOf(stack.status) === 'updatable' ? stack : undefined;
  if (standing !== undefined) refuseOtherMode(standing, input);
  const wanted = standing === undefined ? input : await withPresentSize(context, input, standing);
  const template = templateOf(wanted);
  const templateBody = templateText(template, 'json');
  if (options.lint) await lint(context, templateBody);
  const changeSet = await makeChangeSet(context, {
    stackName,
    type: standing === undefined ? 'CREATE' : 'UPDATE',
    templateBody,
    parameters: Object.entries(template.Parameters).map(([ParameterKey, { Default }]) => ({
      ParameterKey,
      ParameterValue: Default,
    })),
  });
  if (changeSet === undefined) {
    if (standing === undefined) throw nothingToCreate(stackName);
    terminal.line(`The stack ${stackName} is as it should be; there is nothing to change.`);
    return { action: 'unchanged', stackName, stackId: standing.id, changes: [], outputs: standing.outputs };
  }
  let newest: string | undefined;
  try {
    show(context, stackName, changeSet.changes, standing);
    if (options.dryRun) return await shownOnly(context, changeSet, standing);
    await askAboutDangerous(context, changeSet.changes, options.yes);
    newest = await newestEvent(context, changeSet.stackId);
  } catch (error) {
    await takeBack(context, changeSet);
    throw error;
  }
  return carryOut(context, changeSet, newest);
}

/** The stack, in a condition in which a change set can be made. Undefined when there is no stack, or no longer. */
async function readyStack(
  context: DeployContext,
  stackName: string,
  { dryRun, yes }: DeployOptions,
): Promise<StackView | undefined> {
  const { aws, terminal, signal } = context;
  const stack = await describeStack(aws, stackName, signal);
  if (stack === undefined) return undefined;
  await refuseForeign(context, stack);
  switch (conditionOf(stack.status)) {
    case 'working':
      return afterRunning(context, stack, dryRun);
    case 'failed-creation': {
      const what = `The stack ${stackName} is in ${stack.status}: its creation failed, and such a stack can only be deleted.`;
      if (dryRun) throw new DeployError('STACK_UNUSABLE', what, 'Run this without --dry-run, or --delete it.');
      terminal.line(what);
      const text = 'Delete it first, then create it anew?';
      await confirm(terminal, { text, expected: 'yes', flags: '--yes', answered: yes }, signal);
      await deletionOf(context, stack);
      return undefined;
    }
    case 'unusable':
      throw unusable(stack);
    case 'review':
      terminal.line(
        `An earlier deployment of the stack ${stackName} ended before it created anything; going on from there.`,
      );
      return stack;
    default:
      return stack;
  }
}

/** Somebody, perhaps an earlier run, has started an operation. This waits for its end first. */
async function afterRunning(context: DeployContext, stack: StackView, dryRun: boolean): Promise<StackView | undefined> {
  const { aws, terminal, signal } = context;
  if (dryRun) {
    throw new DeployError(
      'STACK_BUSY',
      `The stack ${stack.name} is in ${stack.status}, so what would change can't be told yet.`,
      'Run this again when that has ended; without --dry-run it is followed to its end.',
    );
  }
  terminal.line(`The stack ${stack.name} is in ${stack.status} already; following that first.`);
  const outcome = await followRunning(context, stack);
  if (outcome.status === 'DELETE_COMPLETE') return undefined;
  if (!isSuccess(outcome.status)) throw failure(stack.name, outcome);
  return describeStack(aws, stack.id, signal);
}

function unusable({ name, status, reason }: StackView): DeployError {
  const why = reason === undefined ? '' : ` (${reason})`;
  const next: Record<string, string> = {
    DELETE_FAILED: 'Run this with --delete again; the events say what was in its way.',
    UPDATE_ROLLBACK_FAILED: `Correct what the events name, then: aws cloudformation continue-update-rollback --stack-name ${name}`,
    UPDATE_FAILED: `Bring it back first: aws cloudformation rollback-stack --stack-name ${name}`,
  };
  return new DeployError(
    'STACK_UNUSABLE',
    `The stack ${name} is in ${status}${why}, from which it can't be updated.`,
    next[status] ?? "Look at the stack's events and bring it into a complete state first.",
  );
}

async function withPresentSize(
  context: DeployContext,
  input: TemplateOptions,
  stack: StackView,
): Promise<TemplateOptions> {
  const size = await presentSize(context, stack);
  if (size === undefined) return input;
  const kept = keepingSize(input, size);
  if (size.desired !== input.hosts) {
    context.terminal.line(
      `The group ${size.group} has ${size.desired} nodes, which an update keeps. To change that: aws autoscaling set-desired-capacity`,
    );
  }
  return kept;
}

function nothingToCreate(stackName: string): DeployError {
  return new DeployError(
    'CHANGE_SET_FAILED',
    `CloudFormation says that creating the stack ${stackName} changes nothing.`,
    "Look at the stack's state in CloudFormation, then run this again.",
  );
}

function show(
  { terminal }: DeployContext,
  stackName: string,
  changes: readonly PlannedChange[],
  standing: StackView | undefined,
): void {
  const what = standing === undefined ? 'Creating' : 'Updating';
  terminal.line(`${what} the stack ${stackName}: ${summaryOf(changes)}.`);
  for (const [at, line] of changeLines(changes).entries()) {
    const kind = changes[at]?.kind;
    terminal.line(`  ${line}`, kind === 'replace' || kind === 'remove' ? 'yellow' : undefined);
  }
}

async function shownOnly(
  context: DeployContext,
  changeSet: ChangeSet,
  standing: StackView | undefined,
): Promise<DeployResult> {
  await takeBack(context, changeSet);
  context.terminal.line('Nothing was changed (--dry-run).');
  const { changes, stackName } = changeSet;
  if (standing === undefined) return { action: 'would create', stackName, changes, outputs: {} };
  return { action: 'would update', stackName, stackId: standing.id, changes, outputs: standing.outputs };
}

async function askAboutDangerous(
  { terminal, signal }: DeployContext,
  changes: readonly PlannedChange[],
  yes: boolean,
): Promise<void> {
  const found = dangerous(changes);
  if (found.length === 0) return;
  const what = found.map(({ kind, logicalId }) => `${kind} ${logicalId}`).join(', ');
  const text = `This would ${what}: the ensemble or its records would not be the same any more. Go on?`;
  await confirm(terminal, { text, expected: 'yes', flags: '--yes', answered: yes }, signal);
}

async function carryOut(
  context: DeployContext,
  changeSet: ChangeSet,
  after: string | undefined,
): Promise<DeployResult> {
  const { stackId, stackName, type, changes } = changeSet;
  await execute(context, changeSet);
  const outcome = await follow(context, { stackId, stackName, after, resources: changes.length });
  if (!isSuccess(outcome.status)) throw failure(stackName, outcome);
  const stack = await describeStack(context.aws, stackId, context.signal);
  const action = type === 'CREATE' ? 'created' : 'updated';
  return { action, stackName, stackId, changes, outputs: stack?.outputs ?? {} };
}

function isSuccess(status: string): boolean {
  return status === 'CREATE_COMPLETE' || status === 'UPDATE_COMPLETE';
}

function failure(stackName: string, { status, events }: StackOutcome): DeployError {
  const cause = firstCause(events);
  const state: Record<string, string> = {
    ROLLBACK_COMPLETE: 'could not be created and was rolled back',
    UPDATE_ROLLBACK_COMPLETE: 'could not be updated and is as it was before',
  };
  const what = `The stack ${stackName} ${state[status] ?? 'failed'} (${status}).`;
  const why = cause === undefined ? '' : `\nFirst cause: ${cause.logicalId} (${cause.type}): ${cause.reason}`;
  return new DeployError(
    'DEPLOYMENT_FAILED',
    `${what}${why}`,
    cause === undefined ? "Look at the stack's events, then run this again." : adviceFor(cause),
  );
}
