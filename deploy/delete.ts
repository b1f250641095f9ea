// SPDX-License-Identifier: Apache-2.0
/**
 * `--delete`: first the stack, after a question. Then, after a second and explicit question, the leftovers of this and
 * of earlier stacks with its name. The data of an existing stack is never offered for deletion.
 */
import { randomBytes } from 'node:crypto';
import { DeleteStackCommand } from '@aws-sdk/client-cloudformation';
import { NODE_LOGS } from '../cf/cluster.ts';
import { call } from './aws.ts';
import type { DeployContext } from './context.ts';
import { DeployError } from './errors.ts';
import { adviceFor, firstCause } from './events.ts';
import { follow, followRunning, newestEvent, type StackOutcome } from './follow.ts';
import { bucketsLeft } from './leftovers/buckets.ts';
import type { Leftover } from './leftovers/leftover.ts';
import { logGroupsLeft } from './leftovers/log-groups.ts';
import { refuseForeign } from './ownership.ts';
import { confirm } from './questions.ts';
import { clusterOf, conditionOf, describeStack, type StackView } from './stack.ts';

export interface DeleteOptions {
  readonly stackName: string;
  /** Answers the first question. */
  readonly yes: boolean;
  /** With `yes`: answers the second question too. */
  readonly withData: boolean;
  readonly dryRun: boolean;
}

export interface DeleteResult {
  readonly action: 'deleted' | 'nothing to delete' | 'would delete';
  readonly stackName: string;
  readonly removed: readonly LeftoverFacts[];
  /** The leftovers that still exist. */
  readonly kept: readonly LeftoverFacts[];
}

type LeftoverFacts = Pick<Leftover, 'kind' | 'name' | 'cluster' | 'holds'>;

export async function deleteStack(context: DeployContext, options: DeleteOptions): Promise<DeleteResult> {
  const { stackName } = options;
  const stack = await describeStack(context.aws, stackName, context.signal);
  if (stack !== undefined) await refuseForeign(context, stack);
  if (options.dryRun) return wouldDelete(context, stack, stackName);
  if (stack === undefined) context.terminal.line(`There is no stack ${stackName} (any more).`);
  else await endStack(context, stack, options.yes);
  if (stack !== undefined) tellOfNames(context, stack);
  const left = await leftoversOf(context, stackName);
  const action = stack === undefined ? 'nothing to delete' : 'deleted';
  if (left.length === 0) return { action, stackName, removed: [], kept: [] };
  if (!(await mayRemove(context, left, options))) return { action, stackName, removed: [], kept: left.map(factsOf) };
  await removeAll(context, left);
  return { action, stackName, removed: left.map(factsOf), kept: [] };
}

/** The nodes wrote the records, so neither CloudFormation nor a node that is gone takes them away. */
function tellOfNames({ terminal }: DeployContext, { outputs }: StackView): void {
  const { ServersName } = outputs;
  if (ServersName === undefined) return;
  terminal.line(
    `The names below ${ServersName} stay in their hosted zone, and lead to nobody. docs/deploying.md says how to remove them ("Deleting").`,
    'yellow',
  );
}

async function wouldDelete(
  context: DeployContext,
  stack: StackView | undefined,
  stackName: string,
): Promise<DeleteResult> {
  const { terminal } = context;
  terminal.line(stack === undefined ? `There is no stack ${stackName}.` : `Would delete the stack ${stackName}.`);
  const cluster = stack === undefined ? undefined : clusterOf(stack);
  const found = await keptOf(context, stackName);
  const staying = found.filter((each) => each.cluster === cluster && !each.name.endsWith(NODE_LOGS));
  if (staying.length > 0) {
    terminal.line('Would stay, with the data of its cluster, until a person agrees to their removal (--with-data):');
    for (const each of staying) terminal.line(lineOf(each));
  }
  const left = found.filter((each) => each.cluster !== cluster);
  list(context, left);
  const action = stack === undefined ? 'nothing to delete' : 'would delete';
  return { action, stackName, removed: [], kept: [...staying, ...left].map(factsOf) };
}

/** Deletes a stack and waits until it is gone. Asks first, unless `agreed` says that a person has already agreed. */
async function endStack(context: DeployContext, stack: StackView, agreed: boolean): Promise<void> {
  const { terminal, signal } = context;
  if (conditionOf(stack.status) === 'working') {
    terminal.line(`The stack ${stack.name} is in ${stack.status}; waiting for that to end first.`);
    const { status } = await followRunning(context, stack);
    if (status === 'DELETE_COMPLETE') return;
  }
  const text = `Delete the stack ${stack.name} and end all its nodes?`;
  await confirm(terminal, { text, expected: 'yes', flags: '--yes', answered: agreed }, signal);
  await deletionOf(context, stack);
}

/** Starts the deletion and follows it to its end. */
export async function deletionOf(context: DeployContext, stack: StackView): Promise<void> {
  const { aws, signal } = context;
  const after = await newestEvent(context, stack.id);
  const command = new DeleteStackCommand({ StackName: stack.id, ClientRequestToken: randomBytes(16).toString('hex') });
  await call('CloudFormation DeleteStack', signal, (options) => aws.cloudFormation.send(command, options));
  // A stack that was never more than a review disappears without events of its own.
  if (conditionOf(stack.status) === 'review') return;
  const outcome = await follow(context, { stackId: stack.id, stackName: stack.name, after });
  if (outcome.status !== 'DELETE_COMPLETE') throw notDeleted(stack.name, outcome);
}

function notDeleted(stackName: string, { status, events }: StackOutcome): DeployError {
  const cause = firstCause(events);
  const why = cause === undefined ? '' : ` First cause: ${cause.logicalId} (${cause.type}): ${cause.reason}`;
  return new DeployError(
    'DELETION_FAILED',
    `The stack ${stackName} could not be deleted; it is in ${status}.${why}`,
    cause === undefined ? "Look at the stack's events, then run this again." : adviceFor(cause),
  );
}

/** Of all clusters with this stack name, except that of an existing stack. */
async function leftoversOf(context: DeployContext, stackName: string): Promise<readonly Leftover[]> {
  const found = await keptOf(context, stackName);
  // This look comes last: what belongs to an existing stack is no leftover.
  const living = await describeStack(context.aws, stackName, context.signal);
  const cluster = living === undefined ? undefined : clusterOf(living);
  return found.filter((leftover) => leftover.cluster !== cluster);
}

/** All that stacks of this name have, or have left, and that a deletion keeps. */
async function keptOf(context: DeployContext, stackName: string): Promise<readonly Leftover[]> {
  const found = [...(await bucketsLeft(context, stackName)), ...(await logGroupsLeft(context, stackName))];
  return found.sort((a, b) => (`${a.cluster} ${a.kind}` < `${b.cluster} ${b.kind}` ? -1 : 1));
}

function lineOf({ kind, name, cluster, holds }: Leftover): string {
  return `  ${cluster}  ${kind} ${name}: ${holds}`;
}

function list({ terminal }: DeployContext, left: readonly Leftover[]): void {
  terminal.line(
    left.length === 0 ? 'Nothing else is left behind.' : 'Left behind, with the data of clusters that are gone:',
  );
  for (const each of left) terminal.line(lineOf(each));
}

async function mayRemove(
  context: DeployContext,
  left: readonly Leftover[],
  { stackName, yes, withData }: DeleteOptions,
): Promise<boolean> {
  const { terminal, signal } = context;
  list(context, left);
  if (yes && withData) return true;
  const flags = '--delete --yes --with-data';
  if (yes || !terminal.interactive) {
    terminal.line(`It is kept. ${flags} removes it for good.`);
    return false;
  }
  try {
    const text = `Remove all of this for good? It can't be brought back.`;
    await confirm(terminal, { text, expected: stackName, flags, answered: false }, signal);
    return true;
  } catch (error) {
    if (!(error instanceof DeployError) || error.code !== 'DECLINED') throw error;
    terminal.line(`It is kept. ${flags} removes it for good.`);
    return false;
  }
}

async function removeAll(context: DeployContext, left: readonly Leftover[]): Promise<void> {
  for (const leftover of left) {
    await leftover.remove(context);
    context.terminal.progress();
    context.terminal.line(`Removed the ${leftover.kind} ${leftover.name}.`);
  }
}

function factsOf({ kind, name, cluster, holds }: Leftover): LeftoverFacts {
  return { kind, name, cluster, holds };
}
